"""What training does epoch by epoch: robustness, its gaps, curvature, sharpness, weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from advscape.figures.axis import EPOCHS, Axis, placed
from advscape.figures.keys import Key, dashed, solid
from advscape.figures.panels import Panel, picture
from advscape.figures.sheet import words_alone
from advscape.figures.style import SMALL, Drawn, apply
from advscape.tables.per_run import AVERAGE, STATE, WORST, label_of, per_run

#: columns that tell runs of an experiment apart
_RUN = [column for column in STATE if column not in ("epoch", "checkpoint")]
_SAMPLES = dashed("samples", ["train", "test"], "samples")
_HESSIANS = dashed("hessian", ["noise frozen", "whole"], "Hessian")
_EDGE = "edge of stability"
#: above the bounds of stability, for their numbers
_ROOM = 4
#: times the largest value, or the smallest: bounds further off are named, with an arrow
_FAR = 10
_NOTHING = "no run has two measured epochs"


@dataclass(frozen=True)
class _Content:
    """What a panel of the figure shows.

    Attributes:
        title: above it.
        words: of its vertical axis.
        curves: columns by what the legend calls them; by "" where there is one.
        key: the legend of several.
        linear: see :class:`advscape.figures.panels.Panel`.
    """

    title: str
    words: str
    curves: dict[str, str]
    key: Key | None = None
    linear: bool = False


def _contents(sharpness: pd.DataFrame) -> Iterator[_Content]:
    """All panels. Average and worst case have radii of different meaning, hence a panel each."""
    yield _Content(
        "robust loss", "loss (nats)", {"train": "train_loss", "test": "test_loss"}, _SAMPLES
    )
    accuracies = {"train": "train_accuracy", "test": "test_accuracy"}
    yield _Content("robust accuracy", "accuracy", accuracies, _SAMPLES, True)
    yield _Content(
        "gap of the robust accuracy", "train minus test", {"": "gap_accuracy"}, linear=True
    )
    yield _Content(
        "robust test accuracy lost", "highest minus this epoch's", {"": "lost"}, linear=True
    )
    yield _Content(
        "largest eigenvalue", r"$\lambda_{\max}$", {"noise frozen": "frozen", "whole": "total"},
        _HESSIANS,
    )  # fmt: skip
    traces = {"noise frozen": "trace_frozen", "whole": "trace_total"}
    yield _Content("trace of the Hessian", "trace", traces, _HESSIANS)
    for column, measures in (("average", AVERAGE), ("worst", WORST)):
        words = f"sharpness: {label_of(sharpness, measures)}"
        yield _Content(words, "rise of the loss (nats)", {"": column})
    yield _Content("length of the weights", "$|w|$", {"": "weight_norm"})
    yield _Content("learning rate", "at the epoch's end", {"": "learning_rate"})
    yield _Content(
        _EDGE, r"$\lambda_{\max}$ times the learning rate",
        {"noise frozen": "edge_frozen", "whole": "edge_total"}, _HESSIANS,
    )  # fmt: skip


def along_figure(
    robustness: pd.DataFrame,
    curvature: pd.DataFrame,
    sharpness: pd.DataFrame,
    runs: pd.DataFrame,
    history: pd.DataFrame | None = None,
    *,
    title: str,
    momentum: float | None,
) -> Drawn:
    """One experiment along its training, a colour for each epsilon or variant.

    Only states whose epoch is known are in it. A panel of which no run has two epochs is left out.
    Vertical lines are at the median of the best epochs, where validation samples chose them.

    Args:
        robustness: the experiment's rows of robustness.csv, of all weights.
        curvature: those of curvature.csv.
        sharpness: those of sharpness.csv.
        runs: those of runs.csv.
        history: those of history.csv, where the networks were trained here.
        title: the experiment in words.
        momentum: of SGD, for the bound of stability; None where it is not known.
    """
    apply()
    states = per_run(robustness, curvature, sharpness)
    states = states[states["checkpoint"].isin(["last", "snapshot"]) & states["epoch"].notna()]
    if states.empty:
        return words_alone(title, _NOTHING)
    rows = _with_history(states, runs, history)
    named, axis = placed(rows.drop(columns="epoch"))
    rows = axis.named(named).assign(x=rows["epoch"], epoch=rows["epoch"])
    best = _best(runs, axis)
    panels = [
        _panel(rows, content, axis, best, momentum)
        for content in _contents(sharpness)
        if _drawn(rows, content)
    ]
    if not panels:
        return words_alone(title, _NOTHING)
    marks = "vertical: best epoch on validation samples (median)" if len(best) else ""
    return picture(panels, title=title, foot=marks)


def _with_history(
    states: pd.DataFrame, runs: pd.DataFrame, history: pd.DataFrame | None
) -> pd.DataFrame:
    """States with what was lost since the best epoch, the weights' length and the learning rate."""
    columns = [*_RUN, "epoch"]
    if history is None or history.empty:
        rows = states.merge(runs[[*columns, "weight_norm"]], on=columns, how="left")
        rows["learning_rate"] = float("nan")
    else:
        known = history[[*columns, "weight_norm", "learning_rate"]]
        rows = states.merge(known, on=columns, how="left")
    top = rows.groupby(_RUN, dropna=False)["test_accuracy"].transform("max")
    return rows.assign(
        lost=top - rows["test_accuracy"],
        edge_frozen=rows["frozen"] * rows["learning_rate"],
        edge_total=rows["total"] * rows["learning_rate"],
    )


def _drawn(rows: pd.DataFrame, content: _Content) -> bool:
    known = rows.dropna(subset=list(content.curves.values()), how="all")
    return bool((known.groupby(_RUN, dropna=False)["epoch"].nunique() > 1).any())


def _panel(
    rows: pd.DataFrame, content: _Content, axis: Axis, best: pd.Series, momentum: float | None
) -> Panel:
    own = content.key.column if content.key else "curve"
    columns = {column: name for name, column in content.curves.items()}
    long = rows.melt(["x", "seed", axis.column], list(columns), own, "y")
    long[own] = long[own].map(columns)
    if content.title == _EDGE:
        # the learning rate ends at 0, which has no place on a logarithmic axis
        long = long[long["y"] != 0]
    return Panel(
        content.title, content.words, long, EPOCHS,
        (solid(axis.key()), content.key) if content.key else (axis.key(),), content.title,
        linear=content.linear,
        more=partial(_marks, best=best, key=axis.key(),
                     momentum=momentum, bounds=content.title == _EDGE),
    )  # fmt: skip


def _best(runs: pd.DataFrame, axis: Axis) -> pd.Series:
    """The median best epoch of each colour."""
    named, _ = placed(runs.drop(columns="epoch"))
    known = axis.named(named).dropna(subset="best_epoch")
    medians: pd.Series = known.groupby(axis.column, sort=False)["best_epoch"].median()
    return medians


def _marks(ax: Axes, best: pd.Series, key: Key, momentum: float | None, *, bounds: bool) -> None:
    """Best epochs; and 2, with momentum 2 (1 + momentum): above it plain steps on a quadratic
    diverge.
    """
    for name, epoch in best.items():
        if name in key.looks:
            ax.axvline(epoch, color=key.looks[str(name)].colour, linestyle=":", linewidth=0.7,
                       zorder=0)  # fmt: skip
    if not bounds:
        return
    heights = [2.0, 2 * (1 + momentum)] if momentum else [2.0]
    words = " and ".join(f"{height:g}" for height in heights)
    if heights[0] > _FAR * ax.dataLim.y1:
        words = rf"$\uparrow$ {words}"
        y, frame, offset, va = 1.0, "axes fraction", (-3.0, -3.0), "top"
    elif _FAR * heights[-1] < ax.dataLim.y0:
        words = rf"$\downarrow$ {words}"
        y, frame, offset, va = 0.0, "axes fraction", (-3.0, 3.0), "bottom"
    else:
        bottom, top = ax.get_ylim()
        ax.set_ylim(min(bottom, heights[0] / 2), max(top, _ROOM * heights[-1]))
        for height in heights:
            ax.axhline(height, color="0.4", linewidth=0.6, linestyle="--")
        y, frame, offset, va = heights[-1], "data", (0.0, 1.5), "bottom"
    ax.annotate(
        words, (1, y), offset, xycoords=("axes fraction", frame), textcoords="offset points",
        fontsize=SMALL, va=va, ha="right",
    )  # fmt: skip
