"""The two-class samples of a linear run, flat and in float64."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from advscape.data.prepared import Prepared
from advscape.data.split import Part, split
from advscape.errors import UserError


@dataclass(frozen=True)
class Samples:
    """Inputs x (n, d) float64 with pixels in [0, 1] and labels t (n,) float64, -1 or +1."""

    x: np.ndarray
    t: np.ndarray


def load_samples(path: str | Path, dataset: dict[str, Any], seed: int) -> dict[str, Samples]:
    """Train and test samples of one seed.

    Args:
        path: the prepared dataset.
        dataset: the config's dataset section.
        seed: draws the split, where the dataset has no official one.

    Raises:
        UserError: there are not exactly two classes.
    """
    drawn = split(
        Prepared.load(path), dataset["classes"], dataset["test_fraction"], seed, np.float64
    )
    if drawn.classes != 2:
        raise UserError(f"dataset.classes: {drawn.classes} classes; a logistic model takes two")
    return {"train": _flat(drawn.train), "test": _flat(drawn.test)}


def _flat(part: Part) -> Samples:
    return Samples(part.x.reshape(len(part), -1), np.where(part.y == 1, 1.0, -1.0))
