"""1-D landscapes, overlaid by epsilon."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.axis import Axis, placed
from advscape.figures.rise import with_rise
from advscape.figures.style import SEEDS, apply, nothing_to_scan, say_below

#: what a panel says of its noise
LINEAR = {
    "aligned": "aligned noise\nrecomputed at every point",
    "opposed": "opposed noise\nrecomputed at every point",
    "random": "random noise\nfixed",
}
#: what a network's panels say of theirs: it is measured under PGD, whatever it was trained with
NETWORK = {
    "regenerated": "PGD at every point",
    "frozen": "PGD at the trained weights",
    "none": "clean",
}
#: more epsilons than this cannot be told apart
MOST = 7


def landscape_figure(landscape: pd.DataFrame, title: str, network: bool) -> Figure:
    """The loss that each run trains on along lines, by epsilon.

    The upper row shows the loss itself, over orders of magnitude; the lower one how far it rises
    above its value at the trained weights, which is what sharpness means. Linear models have a
    column per noise arm, networks one per kind of direction. Of many epsilons some are shown.

    Args:
        landscape: the experiment's rows of landscape.csv.
        title: the experiment in words.
        network: whether the noise is made by PGD.
    """
    apply()
    if landscape.empty:
        return nothing_to_scan(title)
    lines = landscape[~landscape["direction"].str.endswith("plane")]
    lines = lines[lines["split"] == lines["split"].iloc[0]]
    lines, every = placed(lines)
    axis = every.some(MOST)
    lines = lines[lines["at"].isin(axis.order)]
    panels = _network_panels(lines) if network else _linear_panels(lines)
    figure, axes = plt.subplots(
        2, len(panels), figsize=(1.9 + 2.7 * len(panels), 5.4), sharex="col", squeeze=False
    )
    for column, (name, rows) in zip(axes.T, panels.items(), strict=True):
        rows = with_rise(rows, ["at", "seed", "direction_seed"])
        _overlay(column[0], rows, "loss", axis)
        _overlay(column[1], rows, "rise", axis)
        column[0].set_yscale("log")
        column[0].set_title(name, fontsize="medium")
        column[0].set_ylabel(rf"{rows['split'].iloc[0]} loss at $w + \alpha d$")
        column[1].set(xlabel=r"$\alpha$", ylabel=r"rise above $\alpha = 0$")
    limits = [ax.get_ylim() for ax in axes[0]]
    for ax in axes[0]:
        ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    shown, total = len(axis.order), len(every.order)
    some = f"\n({shown} of {total})" if shown < total else ""
    _legend(figure, axes, axis, some)
    say_below(figure, "lines: median, bands: min-max\nover directions and seeds")
    figure.suptitle(title, parse_math=False)
    return figure


def _linear_panels(lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each arm's own loss, under what its panel says."""
    own = {arm: "frozen" if arm == "random" else "regenerated" for arm in LINEAR}
    arms = [arm for arm in LINEAR if arm in set(lines["noise"])]
    return {
        LINEAR[arm]: lines[(lines["noise"] == arm) & (lines["attack"] == own[arm])] for arm in arms
    }


def _network_panels(lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each kind of direction, under the strongest attack there is."""
    attack = next(name for name in NETWORK if name in set(lines["attack"]))
    lines = lines[lines["attack"] == attack]
    return {
        f"{kind}\n{NETWORK[attack]}": lines[lines["direction"] == kind]
        for kind in lines["direction"].unique()
    }


def _overlay(ax: Axes, rows: pd.DataFrame, y: str, axis: Axis) -> None:
    sns.lineplot(rows, x="alpha", y=y, hue="at", ax=ax, **axis.colours(), **SEEDS)


def _legend(figure: Figure, axes: np.ndarray, axis: Axis, some: str) -> None:
    """One legend for all panels, with the epsilons of all arms."""
    entries: dict[str, Artist] = {}
    for ax in axes.flat:
        handles, labels = ax.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
        ax.get_legend().remove()
    labels = sorted(entries, key=float if axis.numeric else axis.order.index)
    # its stubs do not know the places outside
    place: Any = "outside right center"
    figure.legend([entries[label] for label in labels], labels, title=axis.title + some, loc=place)
