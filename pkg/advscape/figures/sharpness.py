"""Measures of sharpness against epsilon, in small multiples."""

import math

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from advscape.figures.style import EPSILON, SEEDS, apply

#: measures in the order of the panels, in words
MEASURES = {
    "average": "average",
    "worst": "worst case",
    "adaptive_average": "adaptive, average",
    "adaptive_worst": "adaptive, worst case",
    "normalised_average": "adaptive, normalised logits,\naverage",
    "normalised_worst": "adaptive, normalised logits,\nworst case",
    "robust_average": "robust flatness, average",
    "robust_worst": "robust flatness, worst case",
    "weight_curvature": "weight-curvature index",
}
BALLS = {"l2": "L2", "linf": "Linf", "layer_l2": "L2 of each layer"}
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
    found = rows.groupby(["measure", "ball"]).groups
    panels = [(m, ball) for m in MEASURES for ball in ("", *BALLS) if (m, ball) in found]
    columns = min(len(panels), 4 if len(panels) > 9 else 3)
    height = math.ceil(len(panels) / columns)
    figure, axes = plt.subplots(
        height, columns, figsize=(0.6 + 2.9 * columns, 1.0 + 2.5 * height), squeeze=False
    )
    for ax, (measure, ball) in zip(axes.flat, panels, strict=False):
        _panel(ax, rows.loc[found[measure, ball]], measure, ball)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    figure.supxlabel(EPSILON[norm], fontsize="medium")
    figure.supylabel(f"rise of the loss ({split} samples)", fontsize="medium")
    _legend(figure, [loss for loss in LOSSES if loss in set(rows["loss"])])
    figure.suptitle(title)
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, measure: str, ball: str) -> None:
    """One measure: a colour for each loss, a marker for each radius where there are several."""
    radii = [f"{radius:g}" for radius in sorted(rows["radius"].dropna().unique())]
    shown = rows.assign(size=[f"{radius:g}" for radius in rows["radius"]])
    several = len(radii) > 1
    look = {"style": "size", "style_order": radii, "markers": True} if several else {"marker": "o"}
    sns.lineplot(
        shown, x="epsilon", y="value", hue="loss", hue_order=LOSSES, dashes=False,
        legend="full" if several else False, ax=ax, **look, **SEEDS,
    )  # fmt: skip
    if several:
        entries = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        ax.legend([entries[r] for r in radii], radii, title="radius", fontsize="x-small",
                  title_fontsize="x-small")  # fmt: skip
    if (rows["value"] > 0).all():
        ax.set_yscale("log")
    else:
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    words = MEASURES[measure]
    if ball:
        words += f"\n{BALLS[ball]}" + ("" if several else f", radius {radii[0]}")
    ax.set_title(words, fontsize="medium")
    ax.set(xlabel="", ylabel="index" if measure == "weight_curvature" else "")


def _legend(figure: Figure, losses: list[str]) -> None:
    colours = dict(zip(LOSSES, sns.color_palette(), strict=False))
    handles = [Line2D([], [], color=colours[loss], marker="o") for loss in losses]
    labels = [f"{loss} loss" for loss in losses]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(losses))
