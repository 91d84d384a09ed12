"""2-D landscapes by epsilon: contours and surfaces on one colour scale."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from advscape.figures.style import apply

#: what the loss is under
NOISE = {
    "none": "clean loss",
    "frozen": "adversarial loss, noise frozen",
    "regenerated": "adversarial loss, noise made anew",
}
#: contours, evenly spaced in the logarithm of the loss
LEVELS = 13


def plane_figure(landscape: pd.DataFrame, title: str) -> Figure:
    """The loss over a plane in weight space for the first seed, a column per epsilon.

    Above seen from the top, below as a surface; one colour scale for all, logarithmic.

    Args:
        landscape: the experiment's rows of landscape.csv.
        title: the experiment in words.
    """
    apply()
    rows = landscape[landscape["direction"].str.endswith("plane")]
    noise = "aligned" if "aligned" in set(rows["noise"]) else rows["noise"].iloc[0]
    attack = [name for name in NOISE if name in set(rows["attack"])][-1]
    rows = rows[(rows["noise"] == noise) & (rows["attack"] == attack)]
    seed = rows["seed"].min()
    rows = rows[(rows["seed"] == seed) & (rows["split"] == rows["split"].iloc[0])]
    epsilons = _spread(sorted(rows["epsilon"].unique()))
    rows = rows[rows["epsilon"].isin(epsilons)]
    norm = LogNorm(rows["loss"].min(), rows["loss"].max())
    figure = plt.figure(figsize=(1.2 + 2.5 * len(epsilons), 5.6))
    for i, epsilon in enumerate(epsilons):
        grid = rows[rows["epsilon"] == epsilon].pivot_table(
            index="beta", columns="alpha", values="loss"
        )
        flat = figure.add_subplot(2, len(epsilons), i + 1)
        _contours(flat, grid, norm)
        flat.set_title(rf"$\epsilon$ = {epsilon:g}")
        if i == 0:
            flat.set_ylabel(r"$\beta$")
        high = figure.add_subplot(2, len(epsilons), len(epsilons) + i + 1, projection="3d")
        _surface(high, grid, norm)
    bar = figure.colorbar(ScalarMappable(norm, "viridis"), ax=figure.axes, shrink=0.7, pad=0.05)
    bar.set_label(f"{rows['split'].iloc[0]} loss")
    kind = rows["direction"].iloc[0].removesuffix(" plane")
    figure.suptitle(f"{title}\n{NOISE[attack]}; {kind} directions; seed {seed}")
    return figure


def _spread(epsilons: list[float], most: int = 4) -> list[float]:
    """At most so many of the epsilons, the first and the last among them."""
    chosen = np.linspace(0, len(epsilons) - 1, min(most, len(epsilons))).round().astype(int)
    return [epsilons[i] for i in chosen]


def _contours(ax: Axes, grid: pd.DataFrame, norm: LogNorm) -> None:
    levels = np.geomspace(norm.vmin, norm.vmax, LEVELS)
    levels[-1] *= 1 + 1e-9  # rounding must not leave the highest point white
    ax.contourf(grid.columns, grid.index, grid, levels=levels, norm=norm, cmap="viridis")
    ax.contour(
        grid.columns, grid.index, grid, levels=levels, colors="white", linewidths=0.4, alpha=0.6
    )
    ax.plot(0, 0, "+", color="white", markersize=6)
    ax.set(xlabel=r"$\alpha$", aspect="equal")


def _surface(ax: Axes, grid: pd.DataFrame, norm: LogNorm) -> None:
    alpha, beta = np.meshgrid(grid.columns, grid.index)
    height = np.log10(grid.to_numpy())
    colours = plt.get_cmap("viridis")(norm(grid.to_numpy()))
    ax.plot_surface(alpha, beta, height, facecolors=colours, rstride=1, cstride=1, linewidth=0,
                    antialiased=False, shade=False)  # fmt: skip
    ax.set_zlim(np.log10(norm.vmin), np.log10(norm.vmax))
    ax.set_xlabel(r"$\alpha$", labelpad=-6)
    ax.set_ylabel(r"$\beta$", labelpad=-6)
    ax.set_zlabel(r"$\log_{10}$ loss", labelpad=-4)
    ax.tick_params(pad=-2, labelsize="x-small")
