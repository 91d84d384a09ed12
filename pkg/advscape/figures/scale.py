"""Whether a vertical axis is linear or logarithmic, and the numbers that stand there."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

Scale = Literal["linear", "log", "symlog"]

#: values that span more than this factor are shown on a logarithmic axis
SPAN = 10
#: the same for values of both signs, from the size that three quarters of them exceed
SPAN_OF_BOTH = 100
#: plain numbers stand on axes from here to there
_SMALLEST, _LARGEST = 5e-4, 2e4
#: more ticks than an axis has, so that none is left out
_MANY = 50
#: so many numbers on a logarithmic axis
_FEWEST, _MOST = 3, 6


def scale_of(values: np.ndarray) -> Scale:
    """The rule: which axis all panels of one quantity get.

    * Logarithmic (``log``) where every value is above 0 and the largest is more than 10 times the
      smallest.
    * Logarithmic on both sides of 0 and straight about it (``symlog``) where there are values of
      both signs and the largest is, in size, more than 100 times what three quarters of them
      exceed.
    * Linear otherwise.

    Panels of accuracies, of their differences, and of rises along a line do not ask: they are
    always linear.

    Args:
        values: all single runs' values of the quantity.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return "linear"
    if values.min() > 0:
        return "log" if values.max() > SPAN * values.min() else "linear"
    sizes = np.abs(values[values != 0])
    both = values.min() < 0 < values.max()
    return "symlog" if both and sizes.max() > SPAN_OF_BOTH * np.quantile(sizes, 0.25) else "linear"


def straight(values: np.ndarray) -> float:
    """Up to where a ``symlog`` axis is straight: the power of 10 below what most sizes exceed."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(10 ** np.floor(np.log10(np.quantile(sizes, 0.25))))


def set_scale(ax: Axes, scale: Scale, values: np.ndarray) -> None:
    """Give a panel its vertical scale.

    Args:
        ax: the panel.
        scale: see :func:`scale_of`.
        values: those that it was chosen by.
    """
    if scale == "log":
        ax.set_yscale("log")
    elif scale == "symlog":
        ax.set_yscale("symlog", linthresh=straight(values), linscale=0.6)


def number_ticks(ax: Axes, scale: Scale) -> None:
    """Write the numbers of a logarithmic axis, when all is drawn: as many as are readable."""
    if scale == "linear":
        return
    low, high = ax.get_ylim()
    straight_to = 0.0 if scale == "log" else _straight(ax)
    if low > straight_to or high < -straight_to:
        sign = 1 if low > 0 else -1
        ticks = [sign * tick for tick in _readable(*sorted((sign * low, sign * high)))]
        powers = all(np.isclose(np.log10(abs(tick)) % 1, [0, 1]).any() for tick in ticks)
        ax.yaxis.set_minor_locator(
            LogLocator(subs=range(2, 10), numticks=_MANY)
            if powers and scale == "log"
            else NullLocator()
        )
    else:
        ticks = _both_sides(low, high, straight_to)
        ax.yaxis.set_minor_locator(NullLocator())
    sizes = [abs(tick) for tick in ticks if tick]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(_formatter(min(sizes, default=1), max(sizes, default=1)))


def _readable(low: float, high: float) -> list[float]:
    """Three to five numbers: powers of 10, or where there are too few of these, others between."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) >= _FEWEST:
            return inside[:: -(-len(inside) // _MOST)]
    return _even(low, high)


def _even(low: float, high: float) -> list[float]:
    """A few round numbers at equal distances."""
    return [tick for tick in MaxNLocator(4).tick_values(low, high) if low <= tick <= high]


def _straight(ax: Axes) -> float:
    return float(getattr(ax.yaxis.get_transform(), "linthresh", 1.0))


def _both_sides(low: float, high: float, straight_to: float) -> list[float]:
    """0 and up to three powers of 10 on either side of it; round numbers where few are seen."""
    first = round(np.log10(straight_to)) + 1
    ticks = [0.0]
    for sign, end in ((-1, -low), (1, high)):
        if end <= 0:
            continue
        last = int(np.floor(np.log10(end)))
        step = max(1, -(-(last - first + 1) // 3))
        ticks += [sign * 10.0**power for power in range(last, first - 1, -step)]
    seen = [tick for tick in sorted(ticks) if low <= tick <= high]
    # a panel of one sign on an axis that others need for both may show a single power
    return seen if len(seen) > 1 else _even(low, high)


def _formatter(low: float, high: float) -> FuncFormatter:
    """Plain numbers, or powers of 10 for all where some numbers would be long."""
    if low >= _SMALLEST and high < _LARGEST:
        return FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))
    return FuncFormatter(_power)


def _power(value: float, _: object = None) -> str:
    if value == 0:
        return "0"
    power = int(np.floor(np.log10(abs(value)) + 1e-9))
    digit = round(value / 10.0**power)
    times = {1: "", -1: "-"}.get(digit, rf"{digit}\times")
    return f"${times}10^{{{power}}}$"
