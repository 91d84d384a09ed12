"""Density of the Hessian's eigenvalues, with the outer eigenvalues marked."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from advscape.figures.axis import Axis, Horizontal, placed
from advscape.figures.hessians import PARTS, adversarial, parts_of
from advscape.figures.keys import Key
from advscape.figures.panels import Panel, picture
from advscape.figures.style import Drawn, apply
from advscape.tables.samples import SAMPLES, split_of

#: densities below this part of the highest are not shown
_LOWEST = 1e-6
#: values of the axis that get a curve
_MOST = 6
#: even points of a curve that several seeds' grids are read at
_POINTS = 800
_TICKS = "outer eigenvalues"


def spectrum_figure(
    spectrum: pd.DataFrame, eigenvalues: pd.DataFrame, title: str, norm: str
) -> Drawn:
    """One experiment's spectral densities of the adversarial loss's Hessians, training samples.

    A curve for each epsilon; below it the outer eigenvalues of all seeds.

    Args:
        spectrum: the experiment's rows of spectrum.csv.
        eigenvalues: the experiment's rows of eigenvalues.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    rows, every = placed(adversarial(spectrum), norm)
    axis = every.some(_MOST)
    rows = rows[rows["at"].isin(axis.order)]
    outer = adversarial(eigenvalues)
    panels = [
        _panel(part, rows[rows["hessian"] == part], outer[outer["hessian"] == part], axis)
        for part in parts_of(rows)
    ]
    samples = SAMPLES[split_of(spectrum)]
    foot = [samples, f"ticks: {_TICKS} of all seeds", axis.of(every)]
    return picture(panels, title=title, foot="; ".join(filter(None, foot)), shared=("density",))


def _panel(part: str, rows: pd.DataFrame, outer: pd.DataFrame, axis: Axis) -> Panel:
    run = [column for column in ("noise", "label", "variant", "epsilon", "epoch", "seed")
           if column in rows]  # fmt: skip
    lowest = rows["density"].max() * _LOWEST
    curves = pd.concat([_even(rows[rows["at"] == value], run, lowest) for value in axis.order])
    names = axis.named(rows[[*run, "at"]].drop_duplicates())
    marks = outer.merge(names, on=run).rename(columns={"eigenvalue": "x"})
    return Panel(
        f"Hessian of the adversarial loss, {PARTS[part]}", "density", axis.named(curves),
        Horizontal("eigenvalue"), (axis.key(),), "density", points=False,
        limits=(lowest, None), more=partial(_ticks, marks=marks, key=axis.key()),
        also=marks[[axis.column, "seed", "x"]].assign(what=_TICKS),
    )  # fmt: skip


def _even(rows: pd.DataFrame, run: list[str], lowest: float) -> pd.DataFrame:
    """The curves of all runs at one place of the axis, at the same eigenvalues."""
    grid = np.linspace(rows["eigenvalue"].min(), rows["eigenvalue"].max(), _POINTS)
    curves = []
    for _, one in rows.groupby(run, dropna=False):
        density = np.interp(grid, one["eigenvalue"], one["density"], left=0, right=0)
        curves.append(
            pd.DataFrame({"x": grid, "y": np.maximum(density, lowest)}).assign(
                seed=one["seed"].iloc[0], at=one["at"].iloc[0]
            )
        )
    return pd.concat(curves)


def _ticks(ax: Axes, marks: pd.DataFrame, key: Key) -> None:
    """The outer eigenvalues, a row for each colour at the panel's foot."""
    for row, (name, look) in enumerate(key.looks.items()):
        of = marks.loc[marks[key.column] == name, "x"]
        height = np.full(len(of), 0.03 + 0.045 * row)
        ax.plot(of, height, "|", color=look.colour, markersize=4,
                transform=ax.get_xaxis_transform())  # fmt: skip
