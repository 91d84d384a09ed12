"""The sheet of a figure: title, panels in rows, legend, foot; each has its place, in inches."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, NullLocator

from advscape.figures.axis import Horizontal
from advscape.figures.keys import Legend
from advscape.figures.style import ONE_COLUMN, SMALL, TITLE, WORDS, Drawn, arrange
from advscape.figures.words import width, wrapped

#: inches: height of a panel without its words, by how many stand in a row
_HEIGHTS = {1: 1.6, 2: 1.6, 3: 1.45, 4: 1.3}
#: what the vertical axis takes of a panel's width, and the numbers of the horizontal one of its
#: height
_BESIDE, _AROUND = 0.55, 0.25
#: inches: around the sheet, and lines of its title, of its panels' words and of its foot
_EDGE, _TITLE_LINE, _WORDS_LINE, _FOOT_LINE = 0.05, 0.16, 0.14, 0.13
_ASLANT = 35
#: more names than this stand upright
_UPRIGHT = 20
#: names that have room beside each other; of more every second or third is written
_MOST = 52


class Framed(Protocol):
    """What a sheet needs to know of a panel; see :class:`advscape.figures.panels.Panel`."""

    @property
    def title(self) -> str:
        """Above it."""

    @property
    def words(self) -> str:
        """Of its vertical axis."""

    @property
    def across(self) -> Horizontal:
        """Its horizontal axis."""

    @property
    def breaks(self) -> bool:
        """Whether it begins a row."""


def sheet(
    panels: Sequence[Framed],
    title: str,
    foot: str,
    legend: Callable[[float], Legend],
    *,
    points: bool = False,
) -> tuple[Figure, list[Axes]]:
    """A figure with all of its words, and an empty place for each of some panels.

    Of panels with one and the same horizontal axis the lowest of each column tells what it is;
    neighbours whose vertical axes have the same words have them once, on the left.

    Args:
        panels: in their order.
        title: of the figure, as text.
        foot: small words below all.
        legend: from a width in inches to the legend.
        points: whether curves are points that no line joins.
    """
    inches, in_a_row = arrange(
        len(panels), max(panel.across.names for panel in panels), _largest_family(panels)
    )
    room = inches / in_a_row - _BESIDE
    places = _places(panels, in_a_row)
    alike = len({panel.across for panel in panels}) == 1
    told = [not alike or (row + 1, column) not in places for row, column in places]
    heads = [wrapped(panel.title, room, WORDS) for panel in panels]
    feet = [wrapped(panel.across.words, room, WORDS) for panel in panels]
    extra: dict[int, float] = {}
    for (row, _), panel, tells, head, words in zip(places, panels, told, heads, feet, strict=True):
        below = _names_height(panel.across) + _WORDS_LINE * (1 + words.count("\n"))
        more = _WORDS_LINE * (1 + head.count("\n")) + (below if tells else 0.0)
        extra[row] = max(extra.get(row, 0.0), more)
    height = len(extra) * _HEIGHTS[in_a_row] + sum(extra.values())
    figure = framed(inches, height, title, foot, legend(inches - 2 * _EDGE), points=points)
    grid = figure.add_gridspec(len(extra), in_a_row)
    axes: list[Axes] = []
    for i, (place, panel) in enumerate(zip(places, panels, strict=True)):
        ax = figure.add_subplot(grid[place])
        ax.set_title(heads[i])
        _horizontal(ax, panel.across, feet[i] if told[i] else "", told=told[i])
        again = place[1] > 0 and panel.words == panels[i - 1].words
        up = _HEIGHTS[in_a_row] - _AROUND
        ax.set_ylabel("" if again else wrapped(panel.words, up, WORDS))
        axes.append(ax)
    return figure, axes


def _largest_family(panels: Sequence[Framed]) -> int:
    """The largest number of panels from one that begins a row to the next such one."""
    starts = [i for i, panel in enumerate(panels) if panel.breaks or i == 0]
    return max(end - start for start, end in pairwise([*starts, len(panels)]))


def _places(panels: Sequence[Framed], in_a_row: int) -> list[tuple[int, int]]:
    """Row and column of each panel."""
    places = [(0, 0)]
    for panel in panels[1:]:
        row, column = places[-1]
        full = panel.breaks or column + 1 == in_a_row
        places.append((row + 1, 0) if full else (row, column + 1))
    return places


def framed(
    inches: float, height: float, title: str, foot: str, below: Legend | None = None, *,
    points: bool = False,
) -> Figure:  # fmt: skip
    """An empty figure with its title, legend and foot; what is added stands between them.

    Args:
        inches: its width.
        height: of what stands between, in inches.
        title: as text.
        foot: small words below all.
        below: the legend.
        points: whether its curves are points that no line joins.
    """
    room = inches - 4 * _EDGE
    head = wrapped(title, room, TITLE, math=False)
    feet = wrapped(foot, room, SMALL) if foot else ""
    top = _EDGE + _TITLE_LINE * (head.count("\n") + 1)
    feet_height = _FOOT_LINE * (feet.count("\n") + 1) if feet else 0.0
    legend_height = below.height if below else 0.0
    bottom = _EDGE + feet_height + legend_height
    total = top + height + bottom
    figure = plt.figure(figsize=(inches, total))
    figure.suptitle(head, y=1 - _EDGE / total, va="top", parse_math=False)
    figure.text(
        0.5, (_EDGE + feet_height / 2) / total, feet, ha="center", va="center", fontsize=SMALL,
        color="0.35", linespacing=1.1,
    )  # fmt: skip
    if below:
        below.draw(figure, _EDGE + feet_height, points)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, bottom / total, 1, 1 - (bottom + top) / total), w_pad=0.04, h_pad=0.04)
    return figure


def words_alone(title: str, words: str) -> Drawn:
    """A figure that says why there is nothing to draw; its data has no rows."""
    figure = framed(ONE_COLUMN, 1.0, title, "")
    lines = wrapped(words, ONE_COLUMN - 0.4, WORDS)
    figure.text(0.5, 0.4, lines, ha="center", va="center", color="0.35", fontsize=WORDS)
    return Drawn(figure, pd.DataFrame(columns=["panel", "x", "y"]))


def nothing_to_scan(title: str) -> Drawn:
    """In the place of landscapes of linear models that are all at w = 0, where no direction has a
    length.
    """
    words = "no landscape: every run collapsed to w = 0\n(epsilon at or above the collapse radius)"
    return words_alone(title, words)


def _names_height(axis: Horizontal) -> float:
    """What names aslant or upright take of a panel's height."""
    if not axis.names:
        return 0.0
    longest = max(width(name, SMALL) for name in axis.labels)
    return longest * float(np.sin(np.deg2rad(_angle(axis))))


def _angle(axis: Horizontal) -> int:
    return 90 if axis.names > _UPRIGHT else _ASLANT


def _horizontal(ax: Axes, axis: Horizontal, words: str, *, told: bool) -> None:
    """Its ticks and words; no names where the panel below has them."""
    ax.set_xlabel(words)
    if axis.logarithmic:
        ax.set_xscale("log")
    if axis.inverted:
        ax.invert_xaxis()
    if axis.names:
        places = range(len(axis.labels))
        upright = _angle(axis) == 90
        every = -(-len(axis.labels) // _MOST)
        labels = [name if told and i % every == 0 else "" for i, name in enumerate(axis.labels)]
        ax.set_xticks(places, labels, rotation=_angle(axis), ha="center" if upright else "right",
                      rotation_mode="default" if upright else "anchor")  # fmt: skip
        ax.set_xlim(-0.6, len(axis.labels) - 0.4)
    elif axis.ticks:
        ax.set_xticks(axis.ticks, axis.labels or None)
        ax.xaxis.set_minor_locator(NullLocator())
    elif not axis.logarithmic:
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], integer=axis.whole))
    if axis.limits:
        ax.set_xlim(*axis.limits)
