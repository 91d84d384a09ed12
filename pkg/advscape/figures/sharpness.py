"""Measures of sharpness against epsilon, in small multiples."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator

from advscape.figures.axis import Axis, placed
from advscape.figures.style import apply
from advscape.sharpness.catalogue import MEASURES

#: balls and the sign of their radius, in words
BALLS = {
    "": r"$\rho$",
    "l2": r"L2, $\rho$",
    "linf": r"Linf, $\rho$",
    "layer_l2": r"L2 in each layer, $\xi$",
}
LOSSES = ("adversarial", "clean")


def sharpness_figure(sharpness: pd.DataFrame, title: str, norm: str) -> Figure:
    """One experiment's measures on its training samples (else its test samples), a panel for each.

    Args:
        sharpness: the experiment's rows of sharpness.csv.
        title: the experiment in words.
        norm: l2 or linf, of the threat model.
    """
    apply()
    split = "train" if "train" in set(sharpness["split"]) else "test"
    rows = sharpness[sharpness["split"] == split].fillna({"ball": ""})
    rows, axis = placed(rows, norm)
    found = rows.groupby(["measure", "ball"]).groups
    families: dict[str, list[tuple[str, tuple[str, str]]]] = {}
    for name, measure in MEASURES.items():
        panels = [(measure.label, pair) for pair in _pairs(name, found)]
        families.setdefault(measure.family, []).extend(panels)
    grid = [panels for panels in families.values() if panels]
    height, width = len(grid), max(map(len, grid))
    figure, axes = plt.subplots(
        height, width, figsize=(2.0 + 2.8 * width, 1.0 + 2.5 * height), squeeze=False
    )
    for row, panels in zip(axes, grid, strict=True):
        for ax, (words, pair) in zip(row, panels, strict=False):
            _panel(ax, rows.loc[found[pair]], words, pair[1], axis)
            axis.finish(ax, "")  # its words stand once, below all
        for ax in row[len(panels) :]:
            ax.remove()
    figure.supxlabel(f"{axis.words}\n{axis.foot}".strip(), fontsize="medium")
    losses = [loss for loss in LOSSES if loss in set(rows["loss"])]
    whose = "loss" if len(losses) > 1 else f"{losses[0]} loss"
    figure.supylabel(f"rise of the {whose} ({split} samples)", fontsize="medium")
    if len(losses) > 1:
        _legend(figure, losses)
    figure.suptitle(title, parse_math=False)
    return figure


def _pairs(measure: str, found: Mapping[tuple[str, str], Any]) -> list[tuple[str, str]]:
    return [(measure, ball) for ball in BALLS if (measure, ball) in found]


def _panel(ax: Axes, rows: pd.DataFrame, words: str, ball: str, axis: Axis) -> None:
    """One measure: a colour for each loss, a marker for each radius where there are several."""
    radii = [f"{radius:g}" for radius in sorted(rows["radius"].dropna().unique())]
    shown = rows.assign(size=[f"{radius:g}" for radius in rows["radius"]])
    several = len(radii) > 1
    look = {"style": "size", "style_order": radii, "markers": True} if several else {"marker": "o"}
    sns.lineplot(
        shown, x="at", y="value", hue="loss", hue_order=LOSSES, dashes=False,
        legend="full" if several else False, ax=ax, **look, **axis.seeds,
    )  # fmt: skip
    if several:
        entries = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        ax.legend([entries[r] for r in radii], radii, fontsize="x-small")
    if (rows["value"] > 0).all():
        _logarithmic(ax)
    else:
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    if radii:
        words += f"\n{BALLS[ball]}" + ("" if several else f" = {radii[0]}")
    ax.set_title(words, fontsize="medium")
    ax.set(ylabel="" if radii else "index")
    ax.tick_params(labelsize="small", which="both")


def _logarithmic(ax: Axes) -> None:
    """A logarithmic axis with plain numbers, at 1, 2 and 5 only: a panel has no room for more."""
    ax.set_yscale("log")
    ax.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    for axis in (ax.yaxis.set_major_formatter, ax.yaxis.set_minor_formatter):
        axis(FuncFormatter(lambda value, _: f"{value:g}"))


def _legend(figure: Figure, losses: list[str]) -> None:
    colours = dict(zip(LOSSES, sns.color_palette(), strict=False))
    handles = [Line2D([], [], color=colours[loss], marker="o") for loss in losses]
    labels = [f"{loss} loss" for loss in losses]
    figure.legend(handles, labels, loc="outside right upper")
