"""Density of the Hessian's eigenvalues, with the outer eigenvalues marked."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.axis import Axis, placed
from advscape.figures.hessians import PARTS, adversarial, parts_of
from advscape.figures.style import apply, legend_below, say_below

#: densities below this part of the highest are not shown
_LOWEST = 1e-6
#: values of the axis that get a curve
_MOST = 6
#: even points of a curve that several seeds' grids are read at
_POINTS = 800


def spectrum_figure(
    spectrum: pd.DataFrame, eigenvalues: pd.DataFrame, title: str, norm: str
) -> Figure:
    """One experiment's spectral densities of the adversarial loss's Hessians, training samples.

    A curve for each epsilon, the mean over seeds; below it the outer eigenvalues of all seeds.

    Args:
        spectrum: the experiment's rows of spectrum.csv.
        eigenvalues: the experiment's rows of eigenvalues.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    rows, axis = placed(adversarial(spectrum), norm)
    axis, parts = axis.some(_MOST), parts_of(rows)
    outer = adversarial(eigenvalues)
    figure, axes = plt.subplots(1, len(parts), figsize=(5.2 * len(parts), 4.4), squeeze=False)
    for ax, part in zip(axes[0], parts, strict=True):
        _densities(ax, rows[rows["hessian"] == part], outer[outer["hessian"] == part], axis)
        words = f"Hessian of the adversarial loss, {PARTS[part]}"
        ax.set(title=words, xlabel="eigenvalue", ylabel="density")
        legend_below(ax, columns=3)
    say_below(figure, "lines: mean over seeds; ticks: outer eigenvalues of all seeds")
    figure.suptitle(title, parse_math=False)
    return figure


def _densities(ax: Axes, rows: pd.DataFrame, outer: pd.DataFrame, axis: Axis) -> None:
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.92, len(axis.order)))
    run = [column for column in ("noise", "label", "variant", "epoch", "seed") if column in rows]
    highest = rows["density"].max()
    for row, (value, colour) in enumerate(zip(axis.order, colours, strict=True)):
        chosen = rows[rows["at"] == value]
        if chosen.empty:
            continue
        grid = np.linspace(chosen["eigenvalue"].min(), chosen["eigenvalue"].max(), _POINTS)
        curves = [
            np.interp(grid, one["eigenvalue"], one["density"], left=0, right=0)
            for _, one in chosen.groupby(run, dropna=False)
        ]
        ax.plot(grid, np.mean(curves, axis=0), color=colour, label=axis.name(value))
        marked = outer.merge(chosen[["epsilon", *run]].drop_duplicates())
        height = highest * _LOWEST * 2.0 ** (row + 1)
        ax.plot(marked["eigenvalue"], np.full(len(marked), height), "|", color=colour, ms=7)
    ax.set_yscale("log")
    ax.set_ylim(highest * _LOWEST, highest * 3)
