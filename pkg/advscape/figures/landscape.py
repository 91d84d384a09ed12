"""1-D landscapes, overlaid by epsilon."""

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from advscape.figures.style import SEEDS, apply

ARMS = {
    "aligned": "aligned noise, regenerated at every point",
    "random": "random noise, fixed",
    "opposed": "opposed noise, regenerated at every point",
}


def landscape_figure(landscape: pd.DataFrame, title: str, network: bool) -> Figure:
    """The loss that each run trains on, along filter-normalised directions: a panel per arm.

    Args:
        landscape: the experiment's rows of landscape.csv.
        title: the experiment in words.
        network: whether the noise is made by PGD.
    """
    apply()
    arms = list(dict.fromkeys(landscape["noise"]))
    figure, axes = plt.subplots(
        1, len(arms), figsize=(1.6 + 2.9 * len(arms), 3.6), sharey=True, squeeze=False
    )
    for ax, arm in zip(axes[0], arms, strict=True):
        attack = "frozen" if arm == "random" else "regenerated"
        rows = landscape[(landscape["noise"] == arm) & (landscape["attack"] == attack)]
        last = arm == arms[-1]
        sns.lineplot(
            rows, x="alpha", y="loss", hue="epsilon", palette="viridis", legend="full" if last else False,
            ax=ax, **SEEDS,
        )  # fmt: skip
        ax.set_yscale("log")
        ax.set_title("PGD at every point" if network else ARMS[arm], fontsize="medium")
        ax.set_xlabel(r"$\alpha$")
        ax.set_ylabel(r"training loss at $w + \alpha d$")
        if last:
            ax.legend(title=r"$\epsilon$", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(title)
    return figure
