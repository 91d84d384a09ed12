"""What runs differ in: the horizontal axis of most figures, and the colours of the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from advscape.epsilon import in_levels, written
from advscape.figures.keys import Key, ordered, unordered
from advscape.figures.words import plain

#: columns that tell runs apart, their seeds and noise arms aside
_CELL = ("label", "variant", "epsilon", "epoch")
NORMS = {"l2": "L2", "linf": "Linf"}
#: so many values get a tick each; of more the axis chooses
_TICKS = 6
#: ticks nearer to each other than this part of the axis would run into each other
_NEAR = 0.13
_MARGIN = 0.05


@dataclass(frozen=True)
class Horizontal:
    """A horizontal axis.

    Attributes:
        words: what it says.
        ticks: where numbers stand; where the axis chooses if there are none.
        labels: what stands there, in the place of the numbers; names, aslant, if there are no
            places, which are 0, 1, ... then.
        logarithmic: whether it is.
        inverted: whether large values are on the left.
        joined: whether lines lead from one place to the next.
        limits: from where to where it goes, if that is given.
        whole: whether its numbers are whole.
    """

    words: str = ""
    ticks: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    logarithmic: bool = False
    inverted: bool = False
    joined: bool = True
    limits: tuple[float, ...] = ()
    whole: bool = False

    @property
    def names(self) -> int:
        """How many names stand on it."""
        return 0 if self.ticks else len(self.labels)


EPOCHS = Horizontal("epoch", whole=True)


@dataclass(frozen=True)
class Axis:
    """What the runs of an experiment differ in.

    Attributes:
        words: what an axis says.
        title: what a legend says.
        order: its values in their order; texts where they are no numbers.
        levels: whether they are epsilons in 1/255.
    """

    words: str
    title: str
    order: list[Any]
    levels: bool = False

    def name(self, value: Any) -> str:
        """One of its values, as legends and axes have it."""
        return written(value, self.levels) if self.numeric else str(value)

    def called(self, value: Any) -> str:
        """One of its values with what it is."""
        short = self.title.removeprefix("training ")
        return f"{short} = {self.name(value)}" if self.numeric else str(value)

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return not isinstance(self.order[0], str)

    def some(self, most: int) -> "Axis":
        """With at most so many of its values, the first and the last among them."""
        chosen = np.linspace(0, len(self.order) - 1, min(most, len(self.order)))
        return replace(self, order=[self.order[i] for i in chosen.round().astype(int)])

    def of(self, every: "Axis") -> str:
        """What a foot says where this one has some of another one's values."""
        shown, total = len(self.order), len(every.order)
        return f"{shown} of {total} are shown" if shown < total else ""

    @property
    def column(self) -> str:
        """Of a figure's data, that which has the values' names."""
        return plain(self.title).replace(" ", "_") or "network"

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with a column ``at``, and with the names by which :meth:`key` knows its values."""
        return rows.assign(**{self.column: [self.name(value) for value in rows["at"]]})

    def key(self) -> Key:
        """A colour for each value of rows that are :meth:`named`."""
        names = [self.name(value) for value in self.order]
        return (ordered if self.numeric else unordered)(self.column, names, self.title)

    @property
    def horizontal(self) -> Horizontal:
        """The runs on a horizontal axis."""
        if not self.numeric:
            return Horizontal(labels=tuple(map(str, self.order)), joined=False)
        first, last = self.order[0], self.order[-1]
        margin = _MARGIN * ((last - first) or 1)
        limits = (first - margin, last + margin)
        if len(self.order) > _TICKS and not self.levels:
            return Horizontal(self.words, limits=limits)
        ticks = _apart(self.order)
        return Horizontal(self.words, ticks, tuple(map(self.name, ticks)), limits=limits)

    def x(self, at: pd.Series) -> pd.Series:
        """Where values stand on the horizontal axis."""
        if self.numeric:
            return at.astype(float)
        return at.map({value: float(i) for i, value in enumerate(self.order)}).astype(float)


def _apart(values: Sequence[float]) -> tuple[float, ...]:
    """The first and the last of ascending values, and those between with room for a number."""
    least = _NEAR * (values[-1] - values[0])
    ticks = [values[0]]
    for value in values[1:-1]:
        if value - ticks[-1] >= least and values[-1] - value >= least:
            ticks.append(value)
    return tuple(map(float, dict.fromkeys([*ticks, values[-1]])))


def placed(rows: pd.DataFrame, norm: str | None = None) -> tuple[pd.DataFrame, Axis]:
    """The rows with a column ``at``, their place on the axis.

    It is epsilon; for networks already trained that differ in their epoch or their label alone,
    that; and where they differ in several of these, or have no epsilon, their names.

    Args:
        rows: of a table, with key columns.
        norm: l2 or linf, for the words.
    """
    differ = [column for column in _CELL if column in rows and _values(rows[column]) > 1]
    levels = "epsilon" in rows and in_levels(rows["epsilon"].unique())
    if differ == ["epoch"]:
        at, words, title, levels = rows["epoch"].astype(int), "epochs of training", "epochs", False
    elif set(differ) <= {"epsilon"} and rows["epsilon"].notna().all():
        at, title = rows["epsilon"], r"training $\epsilon$"
        words = f"{title} ({NORMS[norm]}, pixels in [0,\N{NO-BREAK SPACE}1])" if norm else title
    else:
        named = differ or [column for column in _CELL if column in rows]
        names = [_name(row, named, levels) for row in rows[named].to_dict("records")]
        order = list(dict.fromkeys(names))
        at = pd.Categorical(names, categories=order, ordered=True)
        return rows.assign(at=at), Axis("", "", order)
    order = sorted(at.unique())
    return rows.assign(at=at), Axis(words, title, order, levels)


def _values(column: pd.Series) -> int:
    return int(column.nunique(dropna=False))


def _name(row: dict[Any, Any], named: list[str], levels: bool) -> str:
    words = {"label": "{}", "variant": "{}", "epoch": "epoch {:g}"}
    parts = [
        rf"$\epsilon$ = {written(row[column], levels)}"
        if column == "epsilon"
        else words[column].format(row[column])
        for column in named
        if not pd.isna(row[column])
    ]
    return ", ".join(parts) or r"no $\epsilon$"
