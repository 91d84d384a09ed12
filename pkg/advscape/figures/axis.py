"""What runs differ in: the horizontal axis of most figures, and the colours of the others."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from advscape.figures.style import BANDS, EPSILON, SEEDS

#: columns that tell runs apart, their seeds and noise arms aside
_CELL = ("label", "variant", "epsilon", "epoch")
#: height that a letter of a name aslant takes of a panel
_LETTER = 0.016


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

    def some(self, most: int) -> "Axis":
        """With at most so many of its values, the first and the last among them."""
        chosen = np.linspace(0, len(self.order) - 1, min(most, len(self.order)))
        return replace(self, order=[self.order[i] for i in chosen.round().astype(int)])

    def colours(self) -> dict[str, Any]:
        """Seaborn's options for a colour for each value, the same in all panels."""
        if self.numeric:
            ends = (self.order[0], self.order[-1])
            return {"palette": "viridis", "hue_norm": ends, "legend": "full"}
        palette = sns.color_palette("viridis", len(self.order))
        return {"palette": palette, "hue_order": self.order, "legend": "full"}

    @property
    def seeds(self) -> dict[str, Any]:
        """Seaborn's options for what is drawn of the seeds: a band, or bars at names."""
        return SEEDS if self.numeric else {**SEEDS, "err_style": "bars"}

    @property
    def foot(self) -> str:
        """What the foot of a figure says of the seeds."""
        return BANDS if self.numeric else BANDS.replace("lines", "points").replace("bands", "bars")

    def finish(self, ax: Axes, words: str | None = None) -> None:
        """Name a panel's horizontal axis, when all is drawn.

        Names of runs stand aslant, the legend makes room for them, and no line leads from one to
        the next.

        Args:
            ax: the panel.
            words: in the place of the axis's own.
        """
        ax.set_xlabel(self.words if words is None else words)
        if self.numeric:
            return
        ax.set_xticks(range(len(self.order)), self.order, rotation=35, ha="right")
        ax.set_xlim(-0.5, len(self.order) - 0.5)
        legend = ax.get_legend()
        for line in [*ax.get_lines(), *(legend.get_lines() if legend else [])]:
            if line.get_marker() not in ("", "None", None):
                line.set_linestyle("")
        if legend:
            below = -0.1 - _LETTER * max(map(len, self.order))
            legend.set_bbox_to_anchor((0.5, below), ax.transAxes)


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
        at, words, title = rows["epoch"].astype(int), "epochs of training", "epochs"
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
    words = {"label": "{}", "variant": "{}", "epsilon": r"$\epsilon$ = {:g}", "epoch": "epoch {:g}"}
    parts = [words[column].format(row[column]) for column in named if not pd.isna(row[column])]
    return ", ".join(parts) or r"no $\epsilon$"
