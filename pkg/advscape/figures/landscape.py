"""1-D landscapes, overlaid by epsilon."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.style import SEEDS, apply

#: what a panel says of its noise
LINEAR = {
    "aligned": "aligned noise\nmade anew at every point",
    "opposed": "opposed noise\nmade anew at every point",
    "random": "random noise\nfixed",
}
#: a network is measured under PGD, whatever it was trained with
NETWORK = dict.fromkeys(LINEAR, "PGD at every point")


def landscape_figure(landscape: pd.DataFrame, title: str, network: bool) -> Figure:
    """The loss that each run trains on along random directions, a column per noise arm.

    The upper row shows the loss itself, over orders of magnitude; the lower one how far it rises
    above its value at the trained weights, which is what sharpness means.

    Args:
        landscape: the experiment's rows of landscape.csv.
        title: the experiment in words.
        network: whether the noise is made by PGD.
    """
    apply()
    titles = NETWORK if network else LINEAR
    arms = [arm for arm in titles if arm in set(landscape["noise"])]
    figure, axes = plt.subplots(
        2, len(arms), figsize=(1.9 + 2.7 * len(arms), 5.4), sharex=True, squeeze=False
    )
    # one colour for one epsilon in all panels, also where an arm lacks some
    colours = (landscape["epsilon"].min(), landscape["epsilon"].max())
    for column, arm in zip(axes.T, arms, strict=True):
        rows = _own_loss(landscape, arm, network)
        _overlay(column[0], rows, "loss", colours)
        _overlay(column[1], rows, "rise", colours)
        column[0].set_yscale("log")
        column[0].set_title(titles[arm], fontsize="medium")
        column[0].set_ylabel(r"training loss at $w + \alpha d$")
        column[1].set(xlabel=r"$\alpha$", ylabel=r"rise above $\alpha = 0$")
    limits = [ax.get_ylim() for ax in axes[0]]
    for ax in axes[0]:
        ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    _legend(figure, axes)
    figure.suptitle(title)
    return figure


def _own_loss(landscape: pd.DataFrame, arm: str, network: bool) -> pd.DataFrame:
    """The arm's own loss, and its rise above the centre of each scan."""
    attack = "frozen" if arm == "random" and not network else "regenerated"
    rows = landscape[(landscape["noise"] == arm) & (landscape["attack"] == attack)]
    scan = ["epsilon", "seed", "direction_seed"]
    centre = rows.loc[rows["alpha"] == 0, [*scan, "loss"]]
    rows = rows.merge(centre, on=scan, suffixes=("", "_at_0"))
    return rows.assign(rise=rows["loss"] - rows["loss_at_0"])


def _overlay(ax: Axes, rows: pd.DataFrame, y: str, colours: tuple[float, float]) -> None:
    sns.lineplot(
        rows, x="alpha", y=y, hue="epsilon", palette="viridis", hue_norm=colours, legend="full",
        ax=ax, **SEEDS,
    )  # fmt: skip


def _legend(figure: Figure, axes: np.ndarray) -> None:
    """One legend for all panels, with the epsilons of all arms."""
    entries = {}
    for ax in axes.flat:
        handles, labels = ax.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
        ax.get_legend().remove()
    labels = sorted(entries, key=float)
    figure.legend(
        [entries[label] for label in labels], labels, title=r"training $\epsilon$",
        loc="outside right center",
    )  # fmt: skip
