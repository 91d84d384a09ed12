"""What runs differ in: the horizontal axis of most figures, and the colours of the others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from advscape.figures.style import EPSILON

#: columns that tell runs apart, their seeds and noise arms aside
_CELL = ("label", "epsilon", "epoch")


@dataclass(frozen=True)
class Axis:
    """What the runs of an experiment differ in.

    Attributes:
        words: what an axis says.
        title: what a legend says.
        order: its values in their order; texts where they are no numbers.
    """

    words: str
    title: str
    order: list[Any]

    def name(self, value: Any) -> str:
        """One of its values in words."""
        return f"{self.title} = {value:g}".removeprefix("training ") if self.numeric else str(value)

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return not isinstance(self.order[0], str)

    def spread(self, most: int) -> list[Any]:
        """At most so many of its values, the first and the last among them."""
        chosen = np.linspace(0, len(self.order) - 1, min(most, len(self.order)))
        return [self.order[i] for i in chosen.round().astype(int)]

    def colours(self) -> dict[str, Any]:
        """Seaborn's options for a colour for each value, the same in all panels."""
        if self.numeric:
            ends = (self.order[0], self.order[-1])
            return {"palette": "viridis", "hue_norm": ends, "legend": "full"}
        palette = sns.color_palette("viridis", len(self.order))
        return {"palette": palette, "hue_order": self.order, "legend": "full"}

    def label(self, ax: Axes) -> None:
        """Name a panel's horizontal axis; names of runs stand aslant."""
        ax.set_xlabel(self.words)
        if not self.numeric:
            ax.tick_params(axis="x", rotation=35)
            for tick in ax.get_xticklabels():
                tick.set_horizontalalignment("right")


def placed(rows: pd.DataFrame, norm: str | None = None) -> tuple[pd.DataFrame, Axis]:
    """The rows with a column ``at``, their place on the axis.

    It is epsilon; for networks already trained that differ in their epoch or their label alone,
    that; and where they differ in several of these, or have no epsilon, their names.

    Args:
        rows: of a table, with key columns.
        norm: l2 or linf, for the words.
    """
    differ = [column for column in _CELL if column in rows and _values(rows[column]) > 1]
    if differ == ["epoch"]:
        at, words, title = rows["epoch"], "epochs of training", "epochs"
    elif set(differ) <= {"epsilon"} and rows["epsilon"].notna().all():
        at, title = rows["epsilon"], r"training $\epsilon$"
        words = EPSILON[norm] if norm else title
    else:
        named = differ or [column for column in _CELL if column in rows]
        names = [_name(row, named) for row in rows[named].to_dict("records")]
        order = list(dict.fromkeys(names))
        at = pd.Categorical(names, categories=order, ordered=True)
        return rows.assign(at=at), Axis("", "", order)
    order = sorted(at.unique())
    return rows.assign(at=at), Axis(words, title, order)


def _values(column: pd.Series) -> int:
    return int(column.nunique(dropna=False))


def _name(row: dict[Any, Any], named: list[str]) -> str:
    words = {"label": "{}", "epsilon": r"$\epsilon$ = {:g}", "epoch": "epoch {:g}"}
    parts = [words[column].format(row[column]) for column in named if not pd.isna(row[column])]
    return ", ".join(parts) or r"no $\epsilon$"
