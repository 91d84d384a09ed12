"""Words in figures: how wide they are, where they break, and how they read without mathematics."""

import re
from collections.abc import Iterable

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

_POINTS = 72  # to the inch


def width(words: str, points: float, *, math: bool = True) -> float:
    """Width of a line in inches.

    Args:
        words: the line.
        points: size of the letters.
        math: whether what stands between dollar signs is mathematics.
    """
    font = FontProperties(size=points)
    ismath = math and words.count("$") > 1
    across, _, _ = text_to_path.get_text_width_height_descent(words, font, ismath)
    return float(across) / _POINTS


def wrapped(words: str, inches: float, points: float, *, math: bool = True) -> str:
    """The words in lines of at most a width, broken at spaces; a longer word has a line alone."""
    return "\n".join(
        line for given in words.split("\n") for line in _lines(given, inches, points, math)
    )


def _lines(words: str, inches: float, points: float, math: bool) -> Iterable[str]:
    line = ""
    for word in words.split(" "):
        longer = f"{line} {word}" if line else word
        if line and width(longer, points, math=math) > inches:
            yield line
            line = word
        else:
            line = longer
    yield line


def plain(words: str) -> str:
    r"""Words without mathematics, for tables.

    >>> plain(r"training $\epsilon$"), plain(r"$|w|^2\,\lambda_{\max}$")
    ('training epsilon', '|w|^2 lambda_max')
    """
    words = words.replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ").replace(r"\,", " ")
    return re.sub(r"[$\\{}]", "", words)
