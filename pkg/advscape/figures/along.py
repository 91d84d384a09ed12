"""What training does epoch by epoch: robustness, its gaps, curvature, sharpness, weights."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from advscape.figures.axis import Axis, placed
from advscape.figures.style import BANDS, SEEDS, apply, say_below, words_alone
from advscape.tables.per_run import AVERAGE, STATE, WORST, label_of, per_run

#: columns that tell runs of an experiment apart
_RUN = [column for column in STATE if column not in ("epoch", "checkpoint")]


@dataclass(frozen=True)
class Panel:
    """A panel of the figure.

    Attributes:
        title: above it.
        words: of its vertical axis.
        curves: columns by what the legend calls them.
        logarithmic: whether its axis is, where all values are above 0.
    """

    title: str
    words: str
    curves: dict[str, str]
    logarithmic: bool = False


_SHARPNESS = Panel(
    "sharpness", "rise of the loss (nats)", {"average": "average", "worst": "worst case"}, True
)
_EDGE = Panel(
    "edge of stability", r"$\lambda_{\max}$ times the learning rate",
    {"edge_frozen": "noise frozen", "edge_total": "whole"}, True,
)  # fmt: skip
_PANELS = (
    Panel("robust loss", "loss (nats)", {"train_loss": "train", "test_loss": "test"}),
    Panel("robust accuracy", "accuracy", {"train_accuracy": "train", "test_accuracy": "test"}),
    Panel(
        "gaps of the robust accuracy", "difference of accuracies",
        {"gap_accuracy": "train minus test", "lost": "highest test minus this epoch's"},
    ),
    Panel(
        "largest eigenvalue", r"$\lambda_{\max}$",
        {"frozen": "noise frozen", "total": "whole"}, True,
    ),
    Panel(
        "trace of the Hessian", "trace",
        {"trace_frozen": "noise frozen", "trace_total": "whole"}, True,
    ),
    _SHARPNESS,
    Panel("length of the weights", "$|w|$", {"weight_norm": "all parameters"}),
    Panel("learning rate", "learning rate", {"learning_rate": "at the epoch's end"}),
    _EDGE,
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
) -> Figure:
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
    rows = _with_history(states, runs, history)
    at, axis = placed(rows.drop(columns="epoch"))
    rows["of"] = at["at"]
    panels = [panel for panel in _PANELS if _drawn(rows, panel)]
    if not panels:
        return words_alone(title, "no run has two measured epochs")
    height = -(-len(panels) // 3)
    figure, axes = plt.subplots(height, 3, figsize=(10.4, 1.0 + 2.7 * height), squeeze=False)
    best = _best(runs, axis)
    for ax, panel in zip(axes.flat, panels, strict=False):
        _draw(ax, rows, panel, axis, best)
        if panel is _EDGE:
            _bounds(ax, momentum)
        if panel is _SHARPNESS:
            ax.set_title(f"sharpness ({_measured(sharpness)})", fontsize="small")
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    _colour_legend(figure, axis)
    marks = "; vertical: best epoch on validation samples (median)" if len(best) else ""
    say_below(figure, BANDS + marks)
    figure.suptitle(title, parse_math=False)
    return figure


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


def _drawn(rows: pd.DataFrame, panel: Panel) -> bool:
    known = rows.dropna(subset=list(panel.curves), how="all")
    return bool((known.groupby(_RUN, dropna=False)["epoch"].nunique() > 1).any())


def _draw(ax: Axes, rows: pd.DataFrame, panel: Panel, axis: Axis, best: pd.Series) -> None:
    long = rows.melt(["epoch", "seed", "of"], list(panel.curves), "curve", "value")
    long = long.dropna(subset="value")
    long["curve"] = long["curve"].map(panel.curves)
    if panel.logarithmic:
        # the learning rate ends at 0, which has no place on a logarithmic axis
        long = long[long["value"] != 0]
    sns.lineplot(
        long, x="epoch", y="value", hue="of", palette=_colours(axis), style="curve", markers=True,
        markersize=4, ax=ax, **SEEDS,
    )  # fmt: skip
    if panel.logarithmic and (long["value"] > 0).all():
        ax.set_yscale("log")
    elif (long["value"] < 0).any():
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_title(panel.title, fontsize="medium")
    ax.set(xlabel="epoch", ylabel=panel.words)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for of, epoch in best.items():
        ax.axvline(epoch, color=_colours(axis)[of], linestyle="--", linewidth=0.8, zorder=0)
    entries = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    shown = [curve for curve in panel.curves.values() if curve in entries]
    # in the place of the legend with all colours
    ax.legend([entries[curve] for curve in shown], shown, fontsize="x-small")


def _colours(axis: Axis) -> dict[Any, Any]:
    """A colour for each value, from dark to light."""
    palette = sns.color_palette("viridis", len(axis.order))
    return dict(zip(axis.order, palette, strict=True))


def _colour_legend(figure: Figure, axis: Axis) -> None:
    """What the colours are, once for all panels; nothing where there is one."""
    if len(axis.order) == 1:
        return
    handles = [Line2D([], [], color=colour) for colour in _colours(axis).values()]
    names = [axis.name(value) for value in axis.order]
    figure.legend(handles, names, loc="outside right upper")


def _best(runs: pd.DataFrame, axis: Axis) -> pd.Series:
    """The median best epoch of each colour."""
    known = runs.assign(of=placed(runs.drop(columns="epoch"))[0]["at"])
    known = known[known["of"].isin(axis.order)].dropna(subset="best_epoch")
    medians: pd.Series = known.groupby("of", observed=True)["best_epoch"].median()
    return medians


def _bounds(ax: Axes, momentum: float | None) -> None:
    """2, and with momentum 2 (1 + momentum): above it plain steps on a quadratic diverge."""
    ax.axhline(2, color="0.4", linewidth=0.8, linestyle=":")
    ax.annotate("2", (1, 2), xycoords=("axes fraction", "data"), fontsize="x-small", va="bottom")
    if momentum:
        bound = 2 * (1 + momentum)
        ax.axhline(bound, color="0.4", linewidth=0.8, linestyle=":")
        ax.annotate(
            f"{bound:g}", (1, bound), xycoords=("axes fraction", "data"), fontsize="x-small",
            va="bottom",
        )  # fmt: skip


def _measured(sharpness: pd.DataFrame) -> str:
    labels = [label_of(sharpness, measures) for measures in (AVERAGE, WORST)]
    return "; ".join(label for label in labels if label)
