"""One row for each measured state of a network: how robust it is, and how sharp."""

from collections.abc import Iterator

import pandas as pd

from advscape.sharpness.catalogue import MEASURES
from advscape.tables.samples import of_one_split

#: columns that tell states apart
STATE = ["experiment", "label", "variant", "noise", "epsilon", "epoch", "seed", "checkpoint"]
#: the measures that stand for sharpness on average and in the worst case, the first that is there
AVERAGE = ("adaptive_average", "average", "robust_average")
WORST = ("adaptive_worst", "worst", "robust_worst")


def per_run(
    robustness: pd.DataFrame, curvature: pd.DataFrame, sharpness: pd.DataFrame
) -> pd.DataFrame:
    """Robustness beside curvature and sharpness, a row for each state in robustness.csv.

    * ``clean_accuracy``: on test samples.
    * ``train_accuracy``, ``test_accuracy``, ``train_loss``, ``test_loss``: under the config's first
      attack at the run's own epsilon; where that is 0 or not known, at the common one.
    * ``gap_accuracy`` is train minus test, ``gap_loss`` test minus train.
    * ``frozen``, ``total``, ``trace_frozen``, ``trace_total``: the largest eigenvalue and the trace
      of the adversarial loss's Hessian on training samples (at epsilon 0 the clean one's).
    * ``average``, ``worst``: sharpness on training samples, see :func:`measure_of`.

    Args:
        robustness: rows of robustness.csv.
        curvature: rows of curvature.csv.
        sharpness: rows of sharpness.csv.
    """
    rows = _robust(robustness)
    for more in (*_curved(curvature), *_sharp(sharpness)):
        rows = rows.merge(more, on=STATE, how="left")
    return rows


def measure_of(sharpness: pd.DataFrame, measures: tuple[str, ...]) -> str | None:
    """Which of some measures stands for them: the first that was measured."""
    return next((name for name in measures if name in set(sharpness["measure"])), None)


def label_of(sharpness: pd.DataFrame, measures: tuple[str, ...]) -> str:
    """The same in words, with its radius."""
    name = measure_of(sharpness, measures)
    if name is None:
        return ""
    of = _smallest(sharpness[sharpness["measure"] == name])
    return f"{MEASURES[name].label} {of['radius'].iloc[0]:g}".replace("\n", " ")


def _robust(rows: pd.DataFrame) -> pd.DataFrame:
    attacked = rows[rows["eval_epsilon"] > 0]
    clean = rows[(rows["eval_epsilon"] == 0) & (rows["split"] == "test")]
    found = clean[[*STATE, "accuracy"]].rename(columns={"accuracy": "clean_accuracy"})
    chosen = pd.concat([_judged(group) for _, group in attacked.groupby("experiment", sort=False)]
                       or [attacked])  # fmt: skip
    for split in ("train", "test"):
        for value in ("accuracy", "loss"):
            of = chosen.loc[chosen["split"] == split, [*STATE, value]]
            found = found.merge(
                of.rename(columns={value: f"{split}_{value}"}), on=STATE, how="left"
            )
    return found.assign(
        gap_accuracy=found["train_accuracy"] - found["test_accuracy"],
        gap_loss=found["test_loss"] - found["train_loss"],
    )


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    """An experiment's rows of its first attack, at own epsilon or else at the common one."""
    judge = rows.groupby(["attack", "steps", "restarts"], sort=False, dropna=False).ngroup()
    rows = rows[judge == judge.iloc[0]]
    common = rows["eval_epsilon"].mode()[0]
    wanted = rows["epsilon"].where(rows["epsilon"] > 0, common)
    return rows[rows["eval_epsilon"] == wanted]


def _curved(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    rows = of_one_split(rows)
    rows = rows[rows["loss"] == "adversarial"]
    for part in ("frozen", "total"):
        of = rows[rows["hessian"] == part]
        names = {"lambda_max": part, "trace": f"trace_{part}"}
        if part == "frozen":
            names["gradient_noise"] = "gradient_noise"
        yield of[[*STATE, *names]].rename(columns=names)


def _sharp(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Of the adversarial loss where that was measured, in the first ball at its smallest radius."""
    rows = of_one_split(rows)
    rows = rows[rows["loss"] == ("adversarial" if "adversarial" in set(rows["loss"]) else "clean")]
    for name, measures in (("average", AVERAGE), ("worst", WORST)):
        of = rows[rows["measure"] == measure_of(rows, measures)]
        yield _smallest(of)[[*STATE, "value"]].rename(columns={"value": name})


def _smallest(rows: pd.DataFrame) -> pd.DataFrame:
    """A measure's rows in the first ball, at its smallest radius."""
    if rows.empty:
        return rows
    rows = rows[rows["ball"] == rows["ball"].iloc[0]]
    return rows[rows["radius"] == rows["radius"].min()]
