"""Train and test set of one run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advscape.data.prepared import Prepared
from advscape.errors import UserError


@dataclass(frozen=True)
class Part:
    """Samples of one split: pixels (n, c, h, w) float in [0, 1], labels (n,) int64 from 0."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def subset(self, size: int, seed: int) -> "Part":
        """``size`` samples drawn without replacement from ``seed``; all where there are fewer."""
        if size >= len(self):
            return self
        chosen = choose(len(self), size, seed)
        return Part(self.x[chosen], self.y[chosen])


@dataclass(frozen=True)
class Split:
    """Training, validation (None unless asked for) and test set."""

    train: Part
    validation: Part | None
    test: Part
    classes: int


def choose(total: int, size: int, seed: int) -> np.ndarray:
    """``size`` of ``total`` places without replacement, ascending; all where there are fewer."""
    if size >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, size, replace=False))


def split(
    data: Prepared,
    classes: Sequence[int] | None,
    test_fraction: float | None,
    seed: int,
    dtype: type[np.floating] = np.float32,
    validation_fraction: float | None = None,
) -> Split:
    """Choose classes and divide the samples.

    Args:
        data: the dataset.
        classes: labels to keep, renumbered in this order; None keeps all.
        test_fraction: share of all samples drawn as test set, the nearest whole number of each
            class; None takes the official test set.
        seed: of the draw.
        dtype: of the pixels.
        validation_fraction: share of each class's training samples that is set aside.

    Raises:
        UserError: there is no official test set, or a class has no samples.
    """
    kept = list(classes) if classes is not None else sorted(set(data.labels.tolist()))
    position = np.full(int(data.labels.max()) + 1, -1)
    for new, old in enumerate(kept):
        if old >= len(position) or not np.any(data.labels == old):
            raise UserError(f"dataset: class {old} has no samples")
        position[old] = new
    labels = position[data.labels]
    chosen = labels >= 0
    test = data.official_test if test_fraction is None else _draw(labels, test_fraction, seed)
    if not np.any(test & chosen) or not np.any(~test & chosen):
        raise UserError("dataset: it has no official test set; set test_fraction")
    train, validation = chosen & ~test, None
    if validation_fraction is not None:
        # a seed of its own, or a test set and a validation set of one size were the same draw
        aside = train & _draw(np.where(train, labels, -1), validation_fraction, [seed, 1])
        train, validation = train & ~aside, _part(data, labels, aside, dtype)
    return Split(
        _part(data, labels, train, dtype),
        validation,
        _part(data, labels, chosen & test, dtype),
        len(kept),
    )


def _draw(labels: np.ndarray, fraction: float, seed: int | list[int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    test = np.zeros(len(labels), bool)
    for label in range(int(labels.max()) + 1):
        members = rng.permutation(np.flatnonzero(labels == label))
        test[members[: max(1, round(fraction * len(members)))]] = True
    return test


def _part(data: Prepared, labels: np.ndarray, mask: np.ndarray, dtype: type[np.floating]) -> Part:
    x = data.images[mask].astype(dtype) / dtype(data.scale)
    return Part(x, labels[mask])
