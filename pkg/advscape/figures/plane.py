"""2-D landscapes by epsilon: contours and surfaces on one colour scale."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

from advscape.figures.axis import Axis, placed
from advscape.figures.rise import with_rise
from advscape.figures.sheet import framed, nothing_to_scan
from advscape.figures.style import SMALL, Drawn, apply, arrange
from advscape.figures.words import plain
from advscape.landscape.catalogue import DIRECTIONS

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
#: inches: of the colour scale with its words, and the height of each row over a column's width
_SCALE, _ROW = 0.85, 1.1
#: which run is shown, in words
CHOICE = (
    "of each column the run whose mean rise at the plane's edge is the median (of an even number "
    "the lower one)"
)


def plane_figure(landscape: pd.DataFrame, title: str, network: bool) -> Drawn:
    """The loss's rise over a plane in weight space for one run of each epsilon, a column for each.

    Above seen from the top, below as a surface; one colour scale for all, logarithmic. It is the
    rise above the trained weights, not the loss: a loss of nearly 0 looks like a deep well on such
    a scale, however flat it is. The run is the middle one of its epsilon's, see :func:`middle`.

    Args:
        landscape: the experiment's rows of landscape.csv.
        title: the experiment in words.
        network: whether the experiment's models are networks.
    """
    apply()
    if landscape.empty:
        return nothing_to_scan(title)
    rows = landscape[landscape["direction"].str.endswith("plane")]
    noise = "aligned" if "aligned" in set(rows["noise"]) else rows["noise"].iloc[0]
    attack = [name for name in NOISE if name in set(rows["attack"])][-1]
    rows = rows[(rows["noise"] == noise) & (rows["attack"] == attack)]
    rows, every = placed(rows[rows["split"] == rows["split"].iloc[0]])
    axis = every.some(MOST)
    rows = with_rise(rows[rows["at"].isin(axis.order)], ["at", "seed"])
    kept = {value: middle(rows[rows["at"] == value]) for value in axis.order}
    rows = rows[rows["seed"] == rows["at"].astype(object).map(kept)]
    kind = rows["direction"].iloc[0].removesuffix(" plane")
    step = DIRECTIONS[kind].step if network else "1 is the length of w"
    words = [
        f"{NOISE[attack]}; {kind} directions ({step}); shown: {CHOICE}", axis.of(every),
    ]  # fmt: skip
    inches, _ = arrange(len(axis.order))
    column = (inches - _SCALE) / len(axis.order)
    figure = framed(inches, 2 * _ROW * column, title, "; ".join(filter(None, words)))
    _columns(figure, rows, axis, kept)
    return Drawn(figure, _table(rows, axis))


def middle(rows: pd.DataFrame) -> int:
    """The seed of the run whose mean rise at the plane's edge is the median of the runs'.

    Of an even number it is the lower one of the two in the middle; a run that overflows at its edge
    counts as the highest.

    Args:
        rows: of one epsilon's runs, with the columns seed, alpha, beta and rise.
    """
    reach = rows[["alpha", "beta"]].abs().max(axis=1)
    edge = rows[reach == reach.max()]
    rises = edge.groupby("seed")["rise"].apply(lambda rise: rise.mean(skipna=False))
    ordered = rises.fillna(np.inf).sort_values(kind="stable")
    return int(ordered.index[(len(ordered) - 1) // 2])


def _columns(figure: Figure, rows: pd.DataFrame, axis: Axis, kept: dict[object, int]) -> None:
    highest = rows["rise"].max()
    norm = LogNorm(highest / 10**ORDERS, highest, clip=True)
    for i, value in enumerate(axis.order):
        grid = rows[rows["at"] == value].pivot_table(index="beta", columns="alpha", values="rise")
        flat = figure.add_subplot(2, len(axis.order), i + 1)
        _contours(flat, grid, norm)
        flat.set_title(f"{axis.called(value)}\nseed {kept[value]}")
        if i == 0:
            flat.set_ylabel(r"$\beta$")
        high = figure.add_subplot(2, len(axis.order), len(axis.order) + i + 1, projection="3d")
        if isinstance(high, Axes3D):
            _surface(high, grid, norm)
    bar = figure.colorbar(
        ScalarMappable(norm, "viridis"), ax=figure.axes, shrink=0.8, pad=0.03, extend="min"
    )
    bar.ax.tick_params(labelsize=SMALL)
    split = rows["split"].iloc[0]
    bar.set_label(rf"rise of the {split} loss above $\alpha=\beta=0$ (nats)")


def _table(rows: pd.DataFrame, axis: Axis) -> pd.DataFrame:
    """What is drawn: alpha is x, beta is y, and the rise the value."""
    names = [plain(axis.called(value)) for value in rows["at"]]
    data = rows.assign(panel=names, x=rows["alpha"], y=rows["beta"], value=rows["rise"])
    return data[["panel", "seed", "x", "y", "value"]]


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
    ax.plot(0, 0, "+", color="white", markersize=5)
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
    ax.set_box_aspect((1, 1, 0.8), zoom=1.25)
    # their numbers stand above, and the height's beside the colours
    ax.set_xticks([-edge, 0, edge], [])
    ax.set_yticks([-edge, 0, edge], [])
    ax.set_zticks([0, _ends(norm)[1]], [])
    ax.set_xlabel(r"$\alpha$", labelpad=-15)
    ax.set_ylabel(r"$\beta$", labelpad=-15)
    ax.set_zlabel("rise", labelpad=-15)
