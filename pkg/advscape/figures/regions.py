"""A linear model's regimes, behind its curves."""

import numpy as np
from matplotlib.axes import Axes

from advscape.figures.style import SMALL
from advscape.figures.words import width

#: inches that such a panel's axes are wide, about
_PANEL = 2.7


def shade_regimes(ax: Axes, hard_margin: float, collapse_radius: float) -> None:
    """Shade a linear model's separable and collapsed regimes, and name all three above the curves.

    A name that is wider than its regime stands upright.
    """
    low, high = ax.get_xlim()
    high = max(high, collapse_radius * 1.1)
    ax.set_xlim(low, high)
    ax.axvspan(low, hard_margin, color="0.94", zorder=0, linewidth=0)
    ax.axvspan(collapse_radius, high, color="0.86", zorder=0, linewidth=0)
    ends = {
        "separable": (low, hard_margin),
        "finite": (hard_margin, collapse_radius),
        "collapsed": (collapse_radius, high),
    }
    upright = {
        name: width(name, SMALL) > (right - left) / (high - low) * _PANEL
        for name, (left, right) in ends.items()
    }
    _make_room(ax, 0.3 if any(upright.values()) else 0.12)
    for name, (left, right) in ends.items():
        ax.text(
            (left + right) / 2, 0.98, name, transform=ax.get_xaxis_transform(), ha="center",
            va="top", color="0.4", fontsize=SMALL, rotation=90 if upright[name] else 0,
        )  # fmt: skip


def _make_room(ax: Axes, share: float) -> None:
    """Leave a part of the panel's height free above the curves."""
    transform = ax.transScale
    (_, bottom), (_, top) = transform.transform([(1, end) for end in ax.get_ylim()])
    higher = top + (top - bottom) * share / (1 - share)
    _, new = transform.inverted().transform((1, higher))
    ax.set_ylim(top=float(np.asarray(new)))
