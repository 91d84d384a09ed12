"""What all figures share: sizes, look, words, files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from advscape.machine.atomic import replacing, write_text

mpl.use("Agg")

#: widths of a paper's columns, in inches
ONE_COLUMN, TWO_COLUMNS = 3.25, 6.75
#: sizes of text in print, in points: the figure's title, panels' titles and axes, all else
TITLE, WORDS, SMALL = 9, 8, 7
#: what a panel needs beside itself, for its vertical axis, and for each name on its horizontal one
_BESIDE, _NAME = 0.75, 0.14
#: resolution of the PNG files
DOTS_PER_INCH = 300
#: of a panel's place, as a part of the figure
_DIGITS = 5


def arrange(panels: int, names: int = 0, family: int = 1) -> tuple[float, int]:
    """Width of a figure in inches, and how many of its panels stand beside each other.

    Up to two panels stand one above the other, one column wide. More of them take both columns:
    four stand two by two, all others three in a row, and many wrap into further rows. Four that
    belong together, in a figure of several such families, share a row. Panels whose horizontal axis
    has many names are wider, so that each name is readable: then fewer stand in a row, and a figure
    that would not fit into one column takes both.

    Args:
        panels: how many there are.
        names: on the horizontal axis of the panel that has most; 0 where numbers stand there.
        family: panels of the largest family.
    """
    needs = _BESIDE + _NAME * names
    if panels <= 2 and needs <= ONE_COLUMN:
        return ONE_COLUMN, 1
    wanted = 4 if panels > family == 4 else {1: 1, 2: 2, 4: 2}.get(panels, 3)
    return TWO_COLUMNS, max(1, min(wanted, int(TWO_COLUMNS / needs)))


def apply() -> None:
    """Set the look: readable in a column of a paper, and the same bytes for the same data."""
    sns.set_theme(context="paper", style="ticks", palette="colorblind")
    mpl.rcParams.update(
        {
            "figure.constrained_layout.use": True,
            "font.size": WORDS,
            "figure.titlesize": TITLE,
            "axes.titlesize": WORDS,
            "axes.labelsize": WORDS,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "axes.linewidth": 0.6,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "lines.linewidth": 1.1,
            "lines.markersize": 3.5,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.minor.width": 0.6,
            "ytick.minor.width": 0.6,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            "xtick.minor.size": 1.5,
            "ytick.minor.size": 1.5,
            "pdf.fonttype": 42,  # text stays text for editors and publishers
            "svg.fonttype": "none",
            "svg.hashsalt": "advscape",
        }
    )


@dataclass(frozen=True)
class Drawn:
    """A figure, and the numbers that it shows.

    Attributes:
        figure: as wide as a column of a paper, or as two.
        data: a row for each point: its panel, what its curve is, x and y, and what its band or bar
            reaches from and to.
    """

    figure: Figure
    data: pd.DataFrame


def save(drawn: Drawn, paths: Iterable[str | Path]) -> None:
    """Write the figure, and its data where the suffix is .csv, without the time of day inside."""
    _settle(drawn.figure)
    undated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    for path in map(Path, paths):
        if path.suffix == ".csv":
            write_text(path, drawn.data.to_csv(index=False, lineterminator="\n"))
            continue
        with replacing(path) as temporary:
            drawn.figure.savefig(temporary, metadata=undated.get(path.suffix), dpi=DOTS_PER_INCH)


def _settle(figure: Figure) -> None:
    """Lay the panels out once for all files.

    The solver behind the layout rounds its last digits one way or another, from call to call, and
    a pixel may follow: places are taken to so many digits as no eye sees.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        left, bottom, width, height = np.round(ax.get_position(original=True).bounds, _DIGITS)
        ax.set_position((left, bottom, width, height))
