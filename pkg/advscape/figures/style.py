"""What all figures share: look, colours, words, files."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.machine.atomic import replacing

mpl.use("Agg")

#: lines are medians over seeds and bands reach from the smallest to the largest value: with a few
#: seeds that shows all there is, on linear and logarithmic axes alike
SEEDS = {"estimator": "median", "errorbar": ("pi", 100)}
#: the same in words, for the foot of a figure
BANDS = "lines: median over seeds; bands: min-max over seeds"
EPSILON = {
    "l2": r"training $\epsilon$ (L2, pixels in [0, 1])",
    "linf": r"training $\epsilon$ (Linf, pixels in [0, 1])",
}


def apply() -> None:
    """Set the look: readable in a column of a paper, and the same bytes for the same data."""
    sns.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=1.1)
    mpl.rcParams.update(
        {
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "savefig.dpi": 200,
            "pdf.fonttype": 42,
            "svg.hashsalt": "advscape",
        }
    )


def save(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write the figure to every path, by suffix, without the time of day inside."""
    for path in paths:
        with replacing(path) as temporary:
            blank = {"CreationDate": None} if temporary.suffix == ".pdf" else None
            # tight: a label must not be cut where the legend is wider than its panel
            figure.savefig(temporary, metadata=blank, bbox_inches="tight")


def say_below(figure: Figure, words: str = BANDS) -> None:
    """Small words at the foot of the figure."""
    figure.supxlabel(words, fontsize="small", color="0.4")


def nothing_to_scan(title: str) -> Figure:
    """In the place of landscapes of linear models that are all at w = 0, where no direction has a
    length.
    """
    words = "no landscape: every run collapsed to w = 0\n(epsilon at or above the collapse radius)"
    return words_alone(title, words)


def words_alone(title: str, words: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = plt.figure(figsize=(6.0, 3.0))
    figure.text(0.5, 0.45, words, ha="center", va="center", color="0.4")
    figure.suptitle(title, parse_math=False)
    return figure


def legend_below(ax: Axes, columns: int = 2, leave_out: tuple[str, ...] = ()) -> None:
    """Put the legend under the axis, where it hides nothing; ``leave_out`` drops headings."""
    handles, labels = ax.get_legend_handles_labels()
    kept = [i for i, label in enumerate(labels) if label not in leave_out]
    ax.legend(
        [handles[i] for i in kept], [labels[i] for i in kept], title=None, ncols=columns,
        loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize="small", columnspacing=1,
        handlelength=1.6,
    )  # fmt: skip


def shade_regimes(ax: Axes, hard_margin: float, collapse_radius: float) -> None:
    """Shade a linear model's separable and collapsed regimes on a logarithmic axis, name all."""
    low, high = ax.get_xlim()
    high = max(high, collapse_radius * 1.1)
    ax.set_xlim(low, high)
    ax.axvspan(low, hard_margin, color="0.93", zorder=0, linewidth=0)
    ax.axvspan(collapse_radius, high, color="0.85", zorder=0, linewidth=0)
    bottom, top = ax.get_ylim()  # room for the names above the curves
    ax.set_ylim(bottom, top * (top / bottom) ** 0.08)
    names = {
        "separable": (max(low, 0.0) + hard_margin) / 2,
        "finite": (hard_margin + collapse_radius) / 2,
        "collapsed": (collapse_radius + high) / 2,
    }
    for name, x in names.items():
        rotation = 90 if name == "collapsed" else 0
        ax.text(
            x, 0.98, name, transform=ax.get_xaxis_transform(), ha="center", va="top",
            color="0.4", fontsize="small", rotation=rotation,
        )  # fmt: skip
