"""Accuracy and the robust generalization gap against epsilon."""

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.axis import Axis, placed
from advscape.figures.style import apply, legend_below, say_below

#: the gaps in words
GAPS = {"accuracy": "train minus test accuracy", "loss": "test minus train loss"}


def robustness_figure(robustness: pd.DataFrame, title: str, norm: str) -> Figure:
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
    rows = first_judge(robustness[noise == arm])
    rows, axis = placed(rows, norm)
    own = rows[rows["eval_epsilon"] == rows["epsilon"]].assign(attacked="own $\\epsilon$")
    clean = rows[rows["eval_epsilon"] == 0].assign(attacked="no attack")
    figure, axes = plt.subplots(1, 3, figsize=(10.8, 4.0))
    common = _at_common(rows)
    attacked = own if (own["eval_epsilon"] > 0).any() else common
    _accuracy(axes[0], pd.concat([attacked, clean]), axis)
    _gap(axes[1], own, common, "accuracy", axis)
    _gap(axes[2], own, common, "loss", axis)
    for ax in axes:
        axis.finish(ax)
    say_below(figure, axis.foot)
    figure.suptitle(title, parse_math=False)
    return figure


def first_judge(rows: pd.DataFrame) -> pd.DataFrame:
    """The clean rows and those of the first attack of the config, which come first."""
    judge = rows.groupby(["attack", "steps", "restarts"], sort=False, dropna=False).ngroup()
    attacked = rows["eval_epsilon"] > 0
    if not attacked.any():  # a study of the clean loss
        return rows
    return rows[~attacked | (judge == judge[attacked].iloc[0])]


def _accuracy(ax: Axes, rows: pd.DataFrame, axis: Axis) -> None:
    sns.lineplot(
        rows, x="at", y="accuracy", hue="attacked", style="split", markers=True, ax=ax, **axis.seeds
    )  # fmt: skip
    ax.set(title="accuracy", ylabel="accuracy", ylim=(None, 1.02))
    legend_below(ax, leave_out=("attacked", "split"))


def _at_common(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows at the epsilon that every run has; none in a study of the clean loss."""
    attacked = rows[rows["eval_epsilon"] > 0]
    if attacked.empty:
        return attacked.assign(attacked="")
    common = attacked["eval_epsilon"].mode()[0]
    at_common = attacked[attacked["eval_epsilon"] == common]
    return at_common.assign(attacked=f"common $\\epsilon$ {common:g}")


def _gap(ax: Axes, own: pd.DataFrame, common: pd.DataFrame, value: str, axis: Axis) -> None:
    """The gap with the same attack on both sides: at own and at one common epsilon."""
    both = own.assign(attacked="no attack") if common.empty else pd.concat([own, common])
    wide = both.pivot_table(
        index=["attacked", "at", "seed"], columns="split", values=value, sort=False, observed=True
    ).reset_index()
    sign = 1 if value == "accuracy" else -1
    wide["gap"] = sign * (wide["train"] - wide["test"])
    sns.lineplot(wide, x="at", y="gap", hue="attacked", style="attacked", markers=True,
                 dashes=False, ax=ax, **axis.seeds)  # fmt: skip
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.set(title=f"robust generalization gap, {value}", ylabel=GAPS[value])
    legend_below(ax)
