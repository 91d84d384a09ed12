"""Numbers as people read them."""

import math

_RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)
#: relative width below which an interval says no more than that the seeds do not differ
_NO_WIDTH = 1e-6


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits; powers of ten only where zeros would be many.

    >>> number(13.04), number(0.00123), number(-1234.5), number(1.2e6), number(3e-7, 2)
    ('13', '0.00123', '\u22121,230', '1.2 \u00d7 10\u2076', '3 \u00d7 10\u207b\u2077')
    >>> number(float("nan")), number(float("inf"))
    ('\u2013', '\u221e')
    """
    if math.isnan(value):
        return "\u2013"
    sign = "\u2212" if value < 0 else ""
    if math.isinf(value):
        return f"{sign}\u221e"
    mantissa, power = f"{abs(value):.{digits - 1}e}".split("e")
    if value != 0 and not -4 < int(power) < 5:
        short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{sign}{short} \u00d7 10{str(int(power)).translate(_RAISED)}"
    rounded = float(f"{mantissa}e{power}")
    decimals = max(0, digits - 1 - int(power))
    text = f"{rounded:,.{decimals}f}"
    return sign + (text.rstrip("0").rstrip(".") if decimals else text)


def p_value(value: float) -> str:
    """A p value; below a thousandth its digits mean nothing.

    >>> p_value(0.0321), p_value(1e-9), p_value(1.0)
    ('= 0.032', '< 0.001', '= 1')
    """
    return "< 0.001" if value < 0.001 else f"= {number(value, 2)}"


def without_width(estimate: float, low: float, high: float) -> bool:
    """Whether an interval says no more than that all seeds gave the same.

    >>> without_width(1, 1, 1), without_width(1, 0.9, 1.1)
    (True, False)
    """
    return abs(high - low) <= _NO_WIDTH * max(abs(estimate), _NO_WIDTH)


def interval(estimate: float, low: float, high: float) -> str:
    """An estimate with its interval, with so many digits that they differ.

    >>> interval(13.04, 3.7, 48.1), interval(1.00012, 1.0001, 1.00014)
    ('13 [3.7, 48.1]', '1.00012 [1.0001, 1.00014]')
    >>> interval(1, 1, 1), interval(2, float("nan"), float("nan"))
    ('1 in every seed', '2, without an interval')
    """
    if math.isnan(low) or math.isnan(high):
        return f"{number(estimate)}, without an interval"
    if without_width(estimate, low, high):
        return f"{number(estimate)} in every seed"
    for digits in range(3, 8):
        texts = [number(value, digits) for value in (estimate, low, high)]
        if len(set(texts)) == 3:
            break
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def count(amount: int, one: str, several: str | None = None) -> str:
    """So many of something.

    >>> count(1, "run"), count(1200, "run"), count(2, "study", "studies")
    ('1 run', '1,200 runs', '2 studies')
    """
    return f"{amount:,} {one if amount == 1 else several or one + 's'}"


def duration(seconds: float) -> str:
    """A time in the unit that fits.

    >>> duration(0.4), duration(42), duration(630), duration(9000), duration(float("nan"))
    ('0.4 s', '42 s', '10.5 min', '2.5 h', '\u2013')
    """
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{number(seconds / length)} {unit}"
    return number(seconds) if math.isnan(seconds) else f"{number(seconds, 2)} s"
