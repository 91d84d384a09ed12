"""Arguments that are out of their range are refused in one line."""

import math
from collections.abc import Collection
from numbers import Integral, Real

from advscape.errors import shown


def whole(name: str, value: object, least: int) -> None:
    """Refuse what is no integer, or is too small.

    Raises:
        ValueError: it is.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise ValueError(f"{name}: got {shown(value)}; allowed: an integer >= {least}")


def number(name: str, value: object) -> None:
    """Refuse what is no finite number above 0.

    Raises:
        ValueError: it is.
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not 0 < float(value) < math.inf:  # type: ignore[arg-type]
        raise ValueError(f"{name}: got {shown(value)}; allowed: a number above 0")


def one_of(name: str, value: object, allowed: Collection[str]) -> None:
    """Refuse what has no such name.

    Raises:
        ValueError: it has none.
    """
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name}: got {shown(value)}; allowed: {', '.join(allowed)}")
