"""Sharpness against weight decay and stopping time: what an optimum means for separable data."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.style import SEEDS, apply, say_below

KEY = ["experiment", "noise", "epsilon", "seed"]


def regimes_figure(curvature: pd.DataFrame, runs: pd.DataFrame) -> Figure:
    """All linear experiments of a study that differ in weight decay or in gradient steps.

    Args:
        curvature: curvature.csv.
        runs: runs.csv.
    """
    apply()
    chosen = curvature[
        (curvature["split"] == "train")
        & (curvature["loss"] == "adversarial")
        & (curvature["hessian"] == "total")
        & (curvature["noise"] == "aligned")
    ]
    columns = ["weight_decay", "gradient_steps", "hard_margin", "collapse_radius"]
    rows = chosen.merge(runs[KEY + columns].dropna(subset="weight_decay"), on=KEY)
    figure, axes = plt.subplots(1, 2, figsize=(8.8, 4.0), sharey=True)
    _panel(axes[0], rows[rows["gradient_steps"].isna()], "weight_decay")
    axes[0].set(title="solved to the minimum", xlabel=r"weight decay $\lambda$")
    axes[0].invert_xaxis()
    _panel(axes[1], rows[rows["gradient_steps"].notna()], "gradient_steps")
    axes[1].set(title="stopped, without weight decay", xlabel="gradient steps")
    handles, labels = axes[0].get_legend_handles_labels()
    for ax in axes:
        if ax.get_legend():
            ax.get_legend().remove()
    figure.legend(handles, labels, title=r"training $\epsilon$", loc="outside right center")
    say_below(figure)
    margin = np.mean(rows["hard_margin"])
    figure.suptitle(
        rf"Below the hard margin ($\epsilon \leq {margin:.2f}$) "
        "sharpness is decided by weight decay or stopping time"
    )
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, x: str) -> None:
    sns.lineplot(
        rows, x=x, y="lambda_max", hue="epsilon", palette="viridis", legend="full", marker="o",
        ax=ax, **SEEDS,
    )  # fmt: skip
    ax.set(xscale="log", yscale="log", ylabel=r"$\lambda_{\max}$, total Hessian")
