"""The two-class samples of a linear run, flat and in float64."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advscape.data.prepared import Prepared
from advscape.data.split import Subset, split
from advscape.errors import UserError


@dataclass(frozen=True)
class Samples:
    """Inputs x (n, d) float64 with pixels in [0, 1] and labels t (n,) float64, -1 or +1."""

    x: np.ndarray
    t: np.ndarray


def load_samples(
    path: str | Path, classes: Sequence[int] | None, test_fraction: float | None, seed: int
) -> dict[str, Samples]:
    """Train and test samples of one seed.

    Args:
        path: the prepared dataset.
        classes: the two labels to keep; None where there are only two.
        test_fraction: share of the samples that make the test set; None takes the dataset's own.
        seed: draws the split, where the dataset has no official one.

    Raises:
        UserError: there are not exactly two classes.
    """
    drawn = split(Prepared.load(path), classes, test_fraction, seed, np.float64)
    if drawn.classes != 2:
        raise UserError(f"dataset.classes: {drawn.classes} classes; a logistic model takes two")
    return {"train": _flat(drawn.train), "test": _flat(drawn.test)}


def _flat(part: Subset) -> Samples:
    return Samples(part.pixels().reshape(len(part), -1), np.where(part.y == 1, 1.0, -1.0))
