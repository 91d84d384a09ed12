"""Panels of curves over runs: what they show, and a figure of them.

Figures say what their panels show; everything that figures have in common is done here: panels
without data are left out, seeds become lines and bands, axes become linear or logarithmic, each
legend is written once, and the numbers that are drawn become the figure's data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from advscape.figures import seeds
from advscape.figures.axis import Horizontal
from advscape.figures.keys import Key, Look, legend, unmarked
from advscape.figures.scale import Scale, number_ticks, scale_of, set_scale
from advscape.figures.sheet import sheet, words_alone
from advscape.figures.style import Drawn
from advscape.figures.words import plain

#: names of runs leave this part of their place to curves that stand side by side
_SIDE_BY_SIDE = 0.5
#: how much bands and single runs cover of what lies behind; less where curves are more than a few
_BAND, _FEW, _RUN = 0.2, 3, 0.45


@dataclass(frozen=True)
class Panel:
    """A panel.

    Attributes:
        title: above it.
        words: of its vertical axis.
        rows: a row for each value of a run: ``x``, ``y``, ``seed``, and the columns of the keys.
            Rows without a ``y`` are left out.
        across: its horizontal axis.
        keys: what tells its curves apart. The first has their colours, a second one their dashes
            and markers; a single one has all of them.
        quantity: panels of one quantity have the same kind of vertical axis.
        linear: whether that is linear whatever the values are, see :mod:`advscape.figures.scale`.
        zero: whether a line marks 0 where it is among the values.
        limits: of the vertical axis, where they are given.
        points: whether each value of a curve has its marker.
        breaks: whether it begins a row.
        more: draws what else it shows, when its curves are there.
        also: rows of the figure's data that ``more`` draws.
    """

    title: str
    words: str
    rows: pd.DataFrame
    across: Horizontal
    keys: tuple[Key, ...] = ()
    quantity: str = ""
    linear: bool = False
    zero: bool = True
    limits: tuple[float | None, float | None] = (None, None)
    points: bool = True
    breaks: bool = False
    more: Callable[[Axes], None] | None = None
    also: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def columns(self) -> list[str]:
        """Of the rows, those that tell curves apart."""
        return [key.column for key in self.keys]


def picture(
    panels: Sequence[Panel],
    *,
    title: str,
    foot: str = "",
    within: str = "",
    shared: tuple[str, ...] = (),
) -> Drawn:
    """A figure of panels.

    Args:
        panels: those without data are left out, and the others close up.
        title: of the figure, as text.
        foot: what its foot says beside what lines and bands are.
        within: of what a seed has several values, in words.
        shared: quantities whose panels have the same limits.
    """
    panels = [replace(panel, rows=panel.rows.dropna(subset="y")) for panel in panels]
    panels = [panel for panel in panels if len(panel.rows)]
    if not panels:
        return words_alone(title, "nothing of this was measured")
    counts = [_seeds_of(panel) for panel in panels]
    means = seeds.enough(map(max, counts))
    values = _values(panels)
    scales: list[Scale] = [
        "linear" if panel.linear else scale_of(values[panel.quantity]) for panel in panels
    ]
    words = seeds.in_words(
        means=means, most=max(map(_most, panels)), geometric="log" in scales,
        names=any(not panel.across.joined for panel in panels), within=within,
        thin=any(map(_has_lines, panels)),
    )  # fmt: skip
    figure, axes = sheet(
        panels, title, "; ".join(filter(None, (words, foot))),
        lambda inches: legend(_keys(panels), inches),
        points=all(not panel.across.joined for panel in panels),
    )  # fmt: skip
    data = []
    for ax, panel, scale in zip(axes, panels, scales, strict=True):
        set_scale(ax, scale, values[panel.quantity])
        data.append(_draw(ax, panel, means=means, scale=scale))
    for quantity in shared:
        _share([ax for ax, panel in zip(axes, panels, strict=True) if panel.quantity == quantity])
    for ax, panel, scale in zip(axes, panels, scales, strict=True):
        if panel.more:
            panel.more(ax)
        number_ticks(ax, scale)
    return Drawn(figure, _table(data))


def _values(panels: Sequence[Panel]) -> dict[str, np.ndarray]:
    """All values of each quantity."""
    of: dict[str, list[np.ndarray]] = {}
    for panel in panels:
        of.setdefault(panel.quantity, []).append(panel.rows["y"].to_numpy(float))
    return {quantity: np.concatenate(parts) for quantity, parts in of.items()}


def _seeds_of(panel: Panel) -> list[int]:
    by = ["x", *panel.columns]
    return list(panel.rows.groupby(by, observed=True, dropna=False)["seed"].nunique())


def _most(panel: Panel) -> int:
    return int(panel.rows.groupby(["x", *panel.columns], observed=True, dropna=False).size().max())


def _has_lines(panel: Panel) -> bool:
    return panel.across.joined and panel.rows["x"].nunique() > 1


def _keys(panels: Sequence[Panel]) -> list[Key]:
    """Each key once, with all of its names that are drawn."""
    names: dict[str, set[str]] = {}
    keys: dict[str, Key] = {}
    for panel in panels:
        for key in panel.keys:
            keys.setdefault(key.column, key if panel.points else unmarked(key))
            names.setdefault(key.column, set()).update(panel.rows[key.column])
    return [key.drawn(names[column]) for column, key in keys.items()]


def _draw(ax: Axes, panel: Panel, *, means: bool, scale: Scale) -> pd.DataFrame:
    """The curves of a panel; their numbers."""
    curves = list(_curves(panel))
    width = 0.0 if panel.across.joined else _SIDE_BY_SIDE / max(1, len(curves))
    faint = min(1, _FEW / len(curves))
    drawn = [panel.also]
    for i, (names, look, rows) in enumerate(curves):
        aside = (i - (len(curves) - 1) / 2) * width
        rows = rows.sort_values("x", kind="stable")
        if means:
            rows = seeds.single(rows, ["x"], logarithmic=scale == "log")
            _runs(ax, panel, rows, look, aside, _RUN * faint)
        points = seeds.summary(rows, ["x"], means=means, logarithmic=scale == "log")
        _curve(ax, panel, points, look, aside, _BAND * faint)
        drawn.append(points.assign(**names))
        if means:
            drawn.append(rows[["x", "y", "seed"]].assign(**names))
    if panel.zero and scale != "log" and panel.rows["y"].min() <= 0 <= panel.rows["y"].max():
        ax.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    if panel.rows["x"].nunique() == 1 and not (panel.across.limits or panel.across.names):
        _around(ax, float(panel.rows["x"].iloc[0]), panel.across)
    if any(limit is not None for limit in panel.limits):
        ax.set_ylim(*panel.limits)
    table = pd.concat([part for part in drawn if len(part)]).assign(
        panel=plain(panel.title), quantity=plain(panel.words)
    )
    if panel.across.names:
        table["x"] = [plain(panel.across.labels[int(x)]) for x in table["x"]]
    return table


def _curves(panel: Panel) -> "list[tuple[dict[str, str], Look, pd.DataFrame]]":
    """Each curve's names, its look, and its rows, in the keys' order."""
    if not panel.keys:
        return [({}, Look("C0", "-", "o"), panel.rows)]
    colours, *marks = panel.keys
    found = []
    for name, look in colours.looks.items():
        of = panel.rows[panel.rows[colours.column] == name]
        if not marks:
            found.append(({colours.column: name}, look, of))
            continue
        for other, mark in marks[0].looks.items():
            rows = of[of[marks[0].column] == other]
            both = Look(look.colour, mark.dash, mark.marker)
            found.append(({colours.column: name, marks[0].column: other}, both, rows))
    return [curve for curve in found if len(curve[2])]


def _curve(
    ax: Axes, panel: Panel, points: pd.DataFrame, look: Look, aside: float, shade: float
) -> None:
    x, y = points["x"] + aside, points["y"]
    marker = look.marker or "o"
    if not panel.across.joined:
        ax.plot(x, y, marker, color=look.colour, markeredgewidth=0)
        ax.vlines(x, points["low"], points["high"], color=look.colour, linewidth=0.9)
        return
    shown = marker if panel.points or len(points) == 1 else ""
    ax.plot(x, y, color=look.colour, linestyle=look.dash, marker=shown, markeredgewidth=0)
    if len(points) == 1:
        ax.vlines(x, points["low"], points["high"], color=look.colour, linewidth=0.9)
    else:
        ax.fill_between(
            x, points["low"], points["high"], color=look.colour, alpha=shade, linewidth=0
        )


def _runs(
    ax: Axes, panel: Panel, rows: pd.DataFrame, look: Look, aside: float, shade: float
) -> None:
    """Single runs behind their mean: thin lines, or dots where no line leads anywhere."""
    for _, run in rows.groupby("seed", dropna=False):
        line = panel.across.joined and run["x"].nunique() > 1
        style: dict[str, Any] = (
            {"linewidth": 0.4} if line else {"linestyle": "none", "marker": ".", "markersize": 2}
        )
        ax.plot(run["x"] + aside, run["y"], color=look.colour, alpha=shade, zorder=1.5, **style)


def _around(ax: Axes, x: float, across: Horizontal) -> None:
    """Room on both sides of the only place on a horizontal axis."""
    ends = (x / 10, x * 10) if across.logarithmic else (x - 1, x + 1)
    ax.set_xlim(*reversed(ends) if across.inverted else ends)


def _share(axes: Sequence[Axes]) -> None:
    """Give panels the same limits, which hold all that they show."""
    limits = [ax.get_ylim() for ax in axes]
    for ax in axes:
        ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The figure's data, a column for each trait of its curves."""
    rows = pd.concat(parts, ignore_index=True)
    ends = [column for column in ("seed", "x", "y", "low", "high", "seeds")
            if column in rows]  # fmt: skip
    traits = [column for column in rows if column not in {"panel", "quantity", *ends}]
    for column in traits:
        rows[column] = rows[column].map(plain, na_action="ignore")
    for column in {"seed", "seeds"} & set(rows):
        rows[column] = rows[column].astype("Int64")
    return rows[["panel", "quantity", *traits, *ends]]
