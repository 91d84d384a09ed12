"""Where the marks of a forest plot stand: claims of one kind share an axis."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: share of the plot's width that is left free at either end, in per cent
_MARGIN = 5.0
#: an interval is cut off where it leaves the estimates by more than this factor, or by more than
#: this many times their range: one wide interval would make all others invisible
_BEYOND_FACTOR, _BEYOND_RANGE = 10.0, 1.0
#: so many labels have their place on a phone
_LABELS = 6


@dataclass(frozen=True)
class Effect:
    """What a claim is decided by, in the unit of its axis.

    Attributes:
        value: the estimate.
        low: lower 95 % limit; NaN where there is no interval.
        high: upper 95 % limit, likewise.
        bound: the effect size that the rule asks for; None where it is not known.
    """

    value: float
    low: float
    high: float
    bound: float | None


@dataclass(frozen=True)
class Plot:
    """One effect on its axis; places are per cent of the plot's width.

    Attributes:
        value: place of the estimate.
        low: of the lower limit, or of the axis's end where that is cut off.
        high: of the upper limit, likewise.
        cut_low: whether the interval goes on beyond the axis.
        cut_high: likewise.
        reference: place of no effect.
        bounds: places of the effect size that the rule asks for; in both directions where it may
            be asked for in both.
    """

    value: float
    low: float
    high: float
    cut_low: bool
    cut_high: bool
    reference: float
    bounds: tuple[float, ...]


class Axis:
    """The axis of all claims whose effect is of one kind."""

    def __init__(self, kind: str, effects: Sequence[Effect]):
        """Choose its ends.

        Args:
            kind: ``ratio``, on a logarithmic axis about 1, where all numbers are above 0; or else
                ``difference``, ``tau`` or ``share``, on a linear one about 0.
            effects: all that are drawn on it.
        """
        self.kind = kind
        self.reference = 1.0 if kind == "ratio" else 0.0
        self.logarithmic = kind == "ratio" and all(
            min(effect.value, effect.bound or 1) > 0 for effect in effects
        )
        inner = [self._scaled(self.reference)]
        for effect in effects:
            inner += [self._scaled(value) for value in (effect.value, *self._bounds(effect))]
        limits = [limit for effect in effects for limit in (effect.low, effect.high)]
        outer = [self._scaled(limit) for limit in limits if self._has(limit)]
        low, high = min(inner), max(inner)
        beyond = math.log(_BEYOND_FACTOR) if self.logarithmic else _BEYOND_RANGE * (high - low)
        low = max(min([low, *outer]), low - beyond)
        high = min(max([high, *outer]), high + beyond)
        if high == low:
            low, high = low - 1, high + 1
        self._low, self._high = low, high

    def plot(self, effect: Effect) -> Plot:
        """Where the marks of an effect stand."""
        low, high = (
            self._scaled(limit) if self._has(limit) else beyond
            for limit, beyond in self._limits(effect)
        )
        return Plot(
            value=self._place(self._scaled(effect.value)),
            low=self._place(max(low, self._low)),
            high=self._place(min(high, self._high)),
            cut_low=low < self._low,
            cut_high=high > self._high,
            reference=self._place(self._scaled(self.reference)),
            bounds=tuple(self._place(self._scaled(bound)) for bound in self._bounds(effect)),
        )

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """Places and values of the axis's labels; no effect is one of them."""
        low, high = self._low, self._high
        if not self.logarithmic:
            return [(self._place(value), value) for value in _even(low, high)]
        low, high = math.exp(low), math.exp(high)
        values = list(_even(low, high)) if high / low < 4 else list(_powers(low, high))
        return [(self._place(math.log(value)), value) for value in values if value > 0]

    def _bounds(self, effect: Effect) -> tuple[float, ...]:
        if effect.bound is None:
            return ()
        if self.kind == "ratio":
            return tuple(sorted({1 / effect.bound, effect.bound})) if effect.bound > 0 else ()
        both = () if self.kind == "share" else (-effect.bound,)
        return tuple(sorted({*both, effect.bound}))

    @staticmethod
    def _limits(effect: Effect) -> tuple[tuple[float, float], ...]:
        """Both limits, each with where it is if it has no place on the axis."""
        if math.isnan(effect.low) or math.isnan(effect.high):
            return ((effect.value, -math.inf), (effect.value, math.inf))  # no interval: a point
        return ((effect.low, -math.inf), (effect.high, math.inf))

    def _has(self, value: float) -> bool:
        """Whether a value has a place on an axis of its kind."""
        return math.isfinite(value) and (value > 0 or not self.logarithmic)

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value

    def _place(self, scaled: float) -> float:
        share = (scaled - self._low) / (self._high - self._low)
        return round(_MARGIN + share * (100 - 2 * _MARGIN), 2)


def _even(low: float, high: float) -> Iterable[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two values, a few of them."""
    rough = (high - low) / (_LABELS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _powers(low: float, high: float) -> Iterable[float]:
    """1, 2 and 5 times powers of ten between two values, or powers alone, or every so many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = [float(f"{m}e{power}") for power in range(first, last + 1) for m in (1, 2, 5)]
    found = [value for value in every if low <= value * (1 + 1e-9) and value <= high * (1 + 1e-9)]
    step = 1
    while len(found) > _LABELS:
        powers = [power for power in range(first, last + 1) if power % step == 0]
        found = [value for power in powers if low <= (value := float(f"1e{power}")) <= high]
        step += 1
    return found
