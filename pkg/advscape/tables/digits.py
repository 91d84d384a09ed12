"""Numbers with their uncertainty, in as many digits as that leaves.

The numbers of a cell share a power of ten where they are far from 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: the largest of a cell's numbers is written without a power of ten from 10^LOW up to 10^HIGH
_LOW, _HIGH = -3, 5


@dataclass(frozen=True)
class Rounded:
    """Some numbers as texts.

    Attributes:
        texts: one for each number.
        power: all are to be multiplied by 10 to this.
    """

    texts: tuple[str, ...]
    power: int

    @property
    def words(self) -> str:
        """As plain text.

        >>> with_spread(0.68200, 0.01652).words, with_limits(2.5e-7, 1e-7, 9e-7).words
        ('0.682 ± 0.017', '(2.5 [1.0, 9.0])e-7')
        >>> with_spread(9.49e-6, math.nan).words
        '9.49e-6'
        """
        limits = "{} [{}, {}]".format(*self.texts) if len(self.texts) == 3 else ""
        numbers = limits or " ± ".join(self.texts)
        if not self.power:
            return numbers
        return f"{self.grouped(numbers)}e{self.power}"

    def grouped(self, numbers: str) -> str:
        """In brackets where several numbers share the power of ten."""
        return f"({numbers})" if len(self.texts) > 1 else numbers


def with_spread(mean: float, spread: float) -> Rounded:
    """A mean and its standard deviation: two digits of the latter, the former to the same place.

    >>> with_spread(0.68200, 0.01652), with_spread(1.5e-7, 2.5e-8)
    (Rounded(texts=('0.682', '0.017'), power=0), Rounded(texts=('1.50', '0.25'), power=-7))

    Args:
        mean: finite.
        spread: at least 0; NaN, where there is none, leaves three digits of the mean alone.
    """
    power = _power([mean, spread])
    mean = _scaled(mean, power)
    if math.isnan(spread):
        return Rounded((_text(mean, _places(mean, 3)),), power)
    spread = _scaled(spread, power)
    places = _places(spread, 2) if spread else _places(mean, 3)
    return Rounded((_text(mean, places), _text(spread, places)), power)


def with_limits(estimate: float, low: float, high: float) -> Rounded:
    """An estimate and its interval: two digits of the nearer limit's distance, three at most.

    >>> with_limits(13.214, 3.7012, 48.02), with_limits(-0.01234, -0.0342, 0.0101)
    (Rounded(texts=('13.2', '3.7', '48.0'), power=0), Rounded(texts=('-0.012', '-0.034', '0.010'), power=0))

    Args:
        estimate: finite.
        low: the lower limit; may be infinite. NaN, where there is none, leaves three digits of the
            estimate alone.
        high: the upper limit, likewise.
    """  # noqa: E501
    if math.isnan(low) or math.isnan(high):
        return with_spread(estimate, math.nan)
    power = _power([estimate, low, high])
    numbers = [_scaled(number, power) for number in (estimate, low, high)]
    distances = [abs(numbers[0] - limit) for limit in numbers[1:] if math.isfinite(limit)]
    nearest = min((distance for distance in distances if distance > 0), default=0.0)
    places = _places(nearest, 2) if nearest else 99
    texts = (_text(number, min(places, _places(number, 3))) for number in numbers)
    return Rounded(tuple(texts), power)


def _power(numbers: Sequence[float]) -> int:
    """The power of ten that is taken out of some numbers: 0 where they are read easily without."""
    largest = max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)
    if largest == 0 or 10.0**_LOW <= largest < 10.0**_HIGH:
        return 0
    return math.floor(math.log10(largest))


def _scaled(number: float, power: int) -> float:
    return number / 10.0**power if power else number


def _places(number: float, digits: int) -> int:
    """Decimal places at which a number has so many digits; negative ones are of the integers."""
    if number == 0 or not math.isfinite(number):
        return digits - 1
    return digits - 1 - math.floor(math.log10(abs(number)))


def _text(number: float, places: int) -> str:
    if not math.isfinite(number):
        return str(number)
    text = f"{round(number, places):.{max(places, 0)}f}"
    return text.removeprefix("-") if float(text) == 0 else text
