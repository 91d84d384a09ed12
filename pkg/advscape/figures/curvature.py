"""Largest Hessian eigenvalue and trace against epsilon."""

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.style import EPSILON, SEEDS, apply, legend_below, shade_regimes

LAMBDA_MAX = r"$\lambda_{\max}$ of the Hessian"
#: the loss and the part of its Hessian, in words
CURVES = {
    ("adversarial", "total"): "adversarial, total",
    ("adversarial", "frozen"): "adversarial, noise frozen",
    ("adversarial", "response"): "adversarial, response only",
    ("clean", "total"): "clean",
}


def curvature_figure(curvature: pd.DataFrame, runs: pd.DataFrame, title: str, norm: str) -> Figure:
    """One experiment's curvature on its training samples.

    Args:
        curvature: the experiment's rows of curvature.csv.
        runs: the experiment's rows of runs.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    rows = curvature[curvature["split"] == "train"].copy()
    pairs = zip(rows["loss"], rows["hessian"], strict=True)
    rows["curve"] = [CURVES[pair] for pair in pairs]
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.2))
    if runs["collapse_radius"].notna().any():
        _linear_panels(axes, rows, runs)
    else:
        _network_panels(axes, rows)
    for ax in axes:
        ax.set_xlabel(EPSILON[norm])
    figure.suptitle(title)
    return figure


def _linear_panels(axes: list[Axes], rows: pd.DataFrame, runs: pd.DataFrame) -> None:
    arms = rows[(rows["loss"] == "adversarial") & (rows["hessian"] == "total")]
    _lines(axes[0], arms, "lambda_max", "noise", list(dict.fromkeys(arms["noise"])))
    axes[0].set(title="noise arms, total Hessian", ylabel=LAMBDA_MAX)
    aligned = rows[rows["noise"] == "aligned"]
    _lines(axes[1], aligned, "lambda_max", "curve", list(CURVES.values()))
    axes[1].set(title="aligned noise: Hessian of which loss?", ylabel=LAMBDA_MAX)
    radii = runs[["hard_margin", "collapse_radius"]].mean()
    for ax in axes:
        shade_regimes(ax, radii["hard_margin"], radii["collapse_radius"])


def _network_panels(axes: list[Axes], rows: pd.DataFrame) -> None:
    order = [c for c in CURVES.values() if c in set(rows["curve"])]
    _lines(axes[0], rows, "lambda_max", "curve", order)
    axes[0].set(title="largest eigenvalue", ylabel=LAMBDA_MAX)
    _lines(axes[1], rows, "trace", "curve", order)
    axes[1].set(title="trace", ylabel="trace of the Hessian")


def _lines(ax: Axes, rows: pd.DataFrame, y: str, hue: str, order: list[str]) -> None:
    shown = rows[rows[y] > 0]  # a logarithm has no place for the others
    sns.lineplot(
        shown, x="epsilon", y=y, hue=hue, hue_order=order, style=hue, style_order=order,
        markers=True, dashes=False, ax=ax, **SEEDS,
    )  # fmt: skip
    ax.set_yscale("log")
    legend_below(ax)
