"""Epsilon in the unit that people write it in: 8/255, or 0.5."""

from collections.abc import Iterable

import pandas as pd

#: grey levels of a pixel of eight bits
LEVELS = 255
#: multiples of this many of 255 are decimals too: 51/255 = 0.2
_DECIMAL = 51
_ROUNDING = 1e-9


def in_levels(epsilons: Iterable[float]) -> bool:
    """Whether an experiment's epsilons are shown as 8/255.

    They are where all of them are whole multiples of 1/255, unless all are multiples of 51/255: no
    other multiple is a decimal that ends, so nobody wrote it as one. It is decided by value since
    configs may hold either 8/255 or the same float.

    >>> in_levels([0, 2 / 255, 8 / 255]), in_levels([0, 0.2, 0.4]), in_levels([0, 0.1])
    (True, False, False)
    """
    levels = [epsilon * LEVELS for epsilon in epsilons if not pd.isna(epsilon)]
    whole = all(abs(level - round(level)) <= _ROUNDING * max(1, level) for level in levels)
    return whole and any(round(level) % _DECIMAL for level in levels)


def written(epsilon: float, levels: bool) -> str:
    """One epsilon.

    >>> written(8 / 255, True), written(0, True), written(0.5, False)
    ('8/255', '0', '0.5')
    """
    return f"{round(epsilon * LEVELS)}/{LEVELS}" if levels and epsilon else f"{epsilon:g}"


def in_words(epsilon: float) -> str:
    """One epsilon where the experiment's others are not at hand; 51/255 is a decimal there.

    >>> in_words(8 / 255), in_words(0.2), in_words(2)
    ('8/255', '0.2', '2')
    """
    return written(epsilon, in_levels([epsilon]))
