"""Accuracy and the robust generalization gap against epsilon."""

import pandas as pd

from advscape.epsilon import in_levels, written
from advscape.figures.axis import placed
from advscape.figures.keys import dashed, solid, unordered
from advscape.figures.panels import Panel, picture
from advscape.figures.style import Drawn, apply

#: the gaps in words
GAPS = {"accuracy": "train minus test accuracy", "loss": "test minus train loss (nats)"}
OWN, NONE = r"own $\epsilon$", "no attack"


def robustness_figure(robustness: pd.DataFrame, title: str, norm: str) -> Drawn:
    """Accuracy of the aligned runs (of another arm where there are none), and the gaps of accuracy
    and loss between train and test.

    Args:
        robustness: the experiment's rows of robustness.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    noise = robustness["noise"]
    arm = "aligned" if "aligned" in set(noise) else noise.iloc[0]
    rows, axis = placed(first_judge(robustness[noise == arm]), norm)
    rows = rows.assign(x=axis.x(rows["at"]))
    own = rows[rows["eval_epsilon"] == rows["epsilon"]].assign(attack=OWN)
    clean = rows[rows["eval_epsilon"] == 0].assign(attack=NONE)
    common = _at_common(rows)
    # where all runs were trained at the common epsilon, both are one
    same = not common.empty and bool((common["eval_epsilon"] == common["epsilon"]).all())
    attacked = own if (own["eval_epsilon"] > 0).any() and not same else common
    attacks = unordered("attack", [OWN, NONE, *common["attack"].unique()], "attack")
    samples = dashed("samples", ["train", "test"], "samples")
    accuracies = pd.concat([attacked, clean]).assign(y=lambda of: of["accuracy"])
    kinds = [own.assign(attack=NONE)] if common.empty else [common] if same else [own, common]
    panels = [
        Panel(
            "accuracy", "accuracy", accuracies.rename(columns={"split": "samples"}),
            axis.horizontal, (solid(attacks), samples), "accuracy", linear=True, zero=False,
        ),
        *(
            Panel(
                f"robust generalization gap, {value}", words, _gaps(pd.concat(kinds), value),
                axis.horizontal, (attacks,), f"gap of {value}", linear=True,
            )
            for value, words in GAPS.items()
        ),
    ]  # fmt: skip
    return picture(panels, title=title)


def first_judge(rows: pd.DataFrame) -> pd.DataFrame:
    """The clean rows and those of the first attack of the config, which come first."""
    judge = rows.groupby(["attack", "steps", "restarts"], sort=False, dropna=False).ngroup()
    attacked = rows["eval_epsilon"] > 0
    if not attacked.any():  # a study of the clean loss
        return rows
    return rows[~attacked | (judge == judge[attacked].iloc[0])]


def _at_common(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows at the epsilon that every run has; none in a study of the clean loss."""
    attacked = rows[rows["eval_epsilon"] > 0]
    if attacked.empty:
        return attacked.assign(attack="")
    common = attacked["eval_epsilon"].mode()[0]
    at_common = attacked[attacked["eval_epsilon"] == common]
    words = written(common, in_levels([common, *rows["epsilon"].unique()]))
    return at_common.assign(attack=rf"common $\epsilon$ = {words}")


def _gaps(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """The gap of each run with the same attack on both sides."""
    wide = rows.pivot_table(
        index=["attack", "x", "seed"], columns="split", values=value, sort=False, observed=True
    ).reset_index()
    sign = 1 if value == "accuracy" else -1
    return wide.assign(y=sign * (wide["train"] - wide["test"]))
