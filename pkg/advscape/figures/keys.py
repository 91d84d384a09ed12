"""Legends: what a curve's colour, or its dash and marker, stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import seaborn as sns
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from advscape.figures.style import SMALL
from advscape.figures.words import width

#: one after the other, so that curves that lie on each other show both
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
_MARKERS = ("o", "X", "s", "P", "D", "^", "v")
_GREY = "0.3"
#: of seaborn's palette, the pale ones last
_COLOURS = (0, 1, 2, 3, 4, 5, 9, 7, 6, 8)
#: inches: of a line in the legend, between its parts, and from one line to the next
_STUB, _GAP, _APART, LINE = 0.22, 0.05, 0.14, 0.15


@dataclass(frozen=True)
class Look:
    """How a curve looks.

    Attributes:
        colour: matplotlib's.
        dash: its line style.
        marker: of its points.
    """

    colour: Any
    dash: Any = "-"
    marker: str = ""


@dataclass(frozen=True)
class Key:
    """What one trait of the curves stands for.

    Attributes:
        column: of the rows, which has the names.
        title: in the legend; none where the names say enough.
        looks: by name, in the legend's order.
    """

    column: str
    title: str
    looks: dict[str, Look]

    def drawn(self, names: set[str]) -> "Key":
        """With those of its names that are drawn."""
        shown = {name: look for name, look in self.looks.items() if name in names}
        return Key(self.column, self.title, shown)


def unordered(column: str, names: Sequence[str], title: str = "", skip: int = 0) -> Key:
    """A colour, dash and marker for each of some names.

    Args:
        column: of the rows, which has the names.
        names: all that there may be, so that one name has one look wherever it is drawn.
        title: of the legend.
        skip: how many of the first colours mean something else in this figure.
    """
    places = [skip + i for i in range(len(names))]
    palette = sns.color_palette("colorblind", 10)
    colours = [palette[i] for i in _COLOURS]
    looks = [
        Look(colours[i % 10], _DASHES[i % len(_DASHES)], _MARKERS[i % len(_MARKERS)])
        for i in places
    ]
    return Key(column, title, dict(zip(names, looks, strict=True)))


def ordered(column: str, names: Sequence[str], title: str = "") -> Key:
    """From dark to light; dashes alternate, so that neighbours that lie on each other show both."""
    places = [0.88 * i / max(1, len(names) - 1) for i in range(len(names))]
    looks = [
        Look(colormaps["viridis"](place), _DASHES[i % 2], _MARKERS[i % len(_MARKERS)])
        for i, place in enumerate(places)
    ]
    return Key(column, title, dict(zip(names, looks, strict=True)))


def dashed(column: str, names: Sequence[str], title: str = "") -> Key:
    """A dash and a marker for each of some names, in whatever colour."""
    looks = [Look(_GREY, _DASHES[i % 4], _MARKERS[i % len(_MARKERS)]) for i in range(len(names))]
    return Key(column, title, dict(zip(names, looks, strict=True)))


def solid(key: Key) -> Key:
    """The colours alone, where another key has dashes and markers."""
    looks = {name: Look(look.colour) for name, look in key.looks.items()}
    return Key(key.column, key.title, looks)


def unmarked(key: Key) -> Key:
    """Without markers, where no point has one."""
    looks = {name: Look(look.colour, look.dash) for name, look in key.looks.items()}
    return Key(key.column, key.title, looks)


@dataclass(frozen=True)
class Legend:
    """All keys of a figure, each once, below its panels.

    Attributes:
        keys: those that are drawn.
        lines: of the legend, each with its entries: words, and a look unless they are a heading.
    """

    keys: tuple[Key, ...]
    lines: tuple[tuple[tuple[str, Look | None], ...], ...]

    @property
    def height(self) -> float:
        """In inches."""
        return LINE * len(self.lines)

    def draw(self, figure: Figure, bottom: float, points: bool) -> None:
        """Write it.

        Args:
            figure: where.
            bottom: of its last line, in inches.
            points: whether curves are points that no line joins.
        """
        across, up = figure.get_size_inches()
        for i, line in enumerate(self.lines):
            x = (across - _length(line)) / 2
            y = (bottom + LINE * (len(self.lines) - i - 0.5)) / up
            for words, look in line:
                if look is not None:
                    ends = [x / across, (x + _STUB / 2) / across, (x + _STUB) / across]
                    figure.add_artist(_stub(ends, [y] * 3, look, points))
                    x += _STUB + _GAP
                figure.text(
                    x / across, y, words, fontsize=SMALL, va="center_baseline",
                    color=_GREY if look is None else "black",
                )  # fmt: skip
                x += width(words, SMALL) + _APART


def legend(keys: Sequence[Key], inches: float) -> Legend:
    """A line or more for each key that has more than one name, each at most so wide."""
    told = [key for key in keys if len(key.looks) > 1]
    lines: list[tuple[tuple[str, Look | None], ...]] = []
    for key in told:
        heading: list[tuple[str, Look | None]] = [(f"{key.title}:", None)] if key.title else []
        line = heading
        for entry in key.looks.items():
            if line and _length((*line, entry)) > inches:
                lines.append(tuple(line))
                line = []
            line = [*line, entry]
        lines.append(tuple(line))
    return Legend(tuple(told), tuple(lines))


def _length(line: Sequence[tuple[str, Look | None]]) -> float:
    parts = [width(words, SMALL) + (_STUB + _GAP if look else 0) for words, look in line]
    return sum(parts) + _APART * (len(parts) - 1)


def _stub(x: Sequence[float], y: Sequence[float], look: Look, points: bool) -> Line2D:
    dash: Any = "none" if points and look.marker else look.dash
    return Line2D(
        x, y, color=look.colour, linestyle=dash, marker=look.marker, markevery=[1], markersize=3.5,
        markeredgewidth=0,
    )  # fmt: skip
