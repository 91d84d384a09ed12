"""2-D landscapes by epsilon: contours and surfaces on one colour scale."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

from advscape.figures.axis import placed
from advscape.figures.rise import with_rise
from advscape.figures.style import apply, nothing_to_scan

#: what the loss is under
NOISE = {
    "none": "clean loss",
    "frozen": "adversarial loss, noise frozen",
    "regenerated": "adversarial loss, attacked again at every point",
}
#: contours, evenly spaced in the logarithm of the rise, over so many orders of magnitude
LEVELS, ORDERS = 10, 3
#: a page has room for so many epsilons
MOST = 4


def plane_figure(landscape: pd.DataFrame, title: str) -> Figure:
    """The loss's rise over a plane in weight space for the first seed, a column per epsilon.

    Above seen from the top, below as a surface; one colour scale for all, logarithmic. It is the
    rise above the trained weights, not the loss: a loss of nearly 0 looks like a deep well on such
    a scale, however flat it is.

    Args:
        landscape: the experiment's rows of landscape.csv.
        title: the experiment in words.
    """
    apply()
    if landscape.empty:
        return nothing_to_scan(title)
    rows = landscape[landscape["direction"].str.endswith("plane")]
    noise = "aligned" if "aligned" in set(rows["noise"]) else rows["noise"].iloc[0]
    attack = [name for name in NOISE if name in set(rows["attack"])][-1]
    rows = rows[(rows["noise"] == noise) & (rows["attack"] == attack)]
    seed = rows["seed"].min()
    rows = rows[(rows["seed"] == seed) & (rows["split"] == rows["split"].iloc[0])]
    rows, axis = placed(rows)
    columns = axis.some(MOST).order
    rows = with_rise(rows, ["at"])
    rows = rows[rows["at"].isin(columns)]
    highest = rows["rise"].max()
    norm = LogNorm(highest / 10**ORDERS, highest, clip=True)
    figure = plt.figure(figsize=(1.2 + 2.5 * len(columns), 5.6))
    for i, value in enumerate(columns):
        grid = rows[rows["at"] == value].pivot_table(index="beta", columns="alpha", values="rise")
        flat = figure.add_subplot(2, len(columns), i + 1)
        _contours(flat, grid, norm)
        flat.set_title(axis.name(value))
        if i == 0:
            flat.set_ylabel(r"$\beta$")
        high = figure.add_subplot(2, len(columns), len(columns) + i + 1, projection="3d")
        if isinstance(high, Axes3D):
            _surface(high, grid, norm)
    bar = figure.colorbar(
        ScalarMappable(norm, "viridis"), ax=figure.axes, shrink=0.7, pad=0.05, extend="min"
    )
    bar.set_label(rf"rise of the {rows['split'].iloc[0]} loss above $\alpha = \beta = 0$")
    kind = rows["direction"].iloc[0].removesuffix(" plane")
    figure.suptitle(f"{title}\n{NOISE[attack]}; {kind} directions; seed {seed}", parse_math=False)
    return figure


def _contours(ax: Axes, grid: pd.DataFrame, norm: LogNorm) -> None:
    lowest, highest = _ends(norm)
    levels = np.geomspace(lowest, highest, LEVELS)
    levels[-1] *= 1 + 1e-9  # rounding must not leave the highest point white
    rise = grid.clip(lower=lowest)  # at the weights themselves there is none
    ax.contourf(grid.columns, grid.index, rise, levels=levels, norm=norm, cmap="viridis")
    ax.contour(
        grid.columns, grid.index, rise, levels=levels[1:], colors="white", linewidths=0.4,
        alpha=0.6,
    )  # fmt: skip
    ax.plot(0, 0, "+", color="white", markersize=6)
    edge = grid.columns.max()
    ax.set(xlabel=r"$\alpha$", aspect="equal", xticks=[-edge, 0, edge], yticks=[-edge, 0, edge])


def _ends(norm: LogNorm) -> tuple[float, float]:
    return float(norm.vmin or 0), float(norm.vmax or 0)


def _surface(ax: Axes3D, grid: pd.DataFrame, norm: LogNorm) -> None:
    alpha, beta = np.meshgrid(grid.columns, grid.index)
    colours = plt.get_cmap("viridis")(norm(grid.to_numpy()))
    ax.plot_surface(alpha, beta, grid.to_numpy(), facecolors=colours, rstride=1, cstride=1,
                    linewidth=0, antialiased=False, shade=False)  # fmt: skip
    ax.set_zlim(*_ends(norm))
    edge = grid.columns.max()
    ax.set_xticks([-edge, 0, edge])
    ax.set_yticks([-edge, 0, edge])
    ax.set_xlabel(r"$\alpha$", labelpad=-6)
    ax.set_ylabel(r"$\beta$", labelpad=-6)
    ax.set_zlabel("rise", labelpad=-4)
    ax.tick_params(pad=-2, labelsize="x-small")
