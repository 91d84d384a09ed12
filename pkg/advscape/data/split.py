"""Train and test set of one run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advscape.data.encoded import EncodedImages
from advscape.data.prepared import Prepared
from advscape.errors import UserError


@dataclass(frozen=True)
class Subset:
    """Samples of one split: pixels (n, c, h, w) float in [0, 1], labels (n,) int64 from 0.

    Pixels of files are there when :meth:`pixels` is called, and are chosen before.
    """

    x: np.ndarray | EncodedImages
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def pixels(self) -> np.ndarray:
        """(n, c, h, w) float in [0, 1]."""
        if isinstance(self.x, EncodedImages):
            return self.x.decoded() / np.float32(255)
        return self.x

    def subset(self, size: int, seed: int) -> "Subset":
        """``size`` samples drawn without replacement from ``seed``; all where there are fewer."""
        if size >= len(self):
            return self
        chosen = choose(len(self), size, seed)
        return Subset(self.x[chosen], self.y[chosen])


@dataclass(frozen=True)
class Split:
    """Training, validation (None unless asked for) and test set."""

    train: Subset
    validation: Subset | None
    test: Subset
    classes: int


def choose(total: int, size: int, seed: int) -> np.ndarray:
    """``size`` of ``total`` places without replacement, ascending; all where there are fewer."""
    if size >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, size, replace=False))


def labels_kept(data: Prepared, classes: Sequence[int] | None) -> list[int]:
    """The labels that become 0, 1, ... in this order: those chosen, or all that there are."""
    if classes is not None:
        return list(classes)
    if data.classes is not None:
        return list(range(data.classes))
    every: list[int] = np.unique(data.labels).tolist()
    return every


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
        UserError: there is no official test set, a single class, or a class that has no samples, or
            none to train on.
    """
    kept = labels_kept(data, classes)
    if len(kept) < 2:
        raise UserError(f"dataset: all labels are {kept[0]}; allowed: two classes or more")
    labels = np.full(len(data.labels), -1)
    for new, old in enumerate(kept):
        members = data.labels == old
        if not members.any() and (classes is not None or data.classes is None):
            raise UserError(f"dataset.classes: class {old} has no samples")
        labels[members] = new
    chosen = labels >= 0
    test = data.official_test
    if test_fraction is not None:
        test = _draw(labels, test_fraction, seed)
    elif not np.any(test & chosen):
        raise UserError("dataset: it has no official test set; set test_fraction")
    _check_train(labels, chosen & ~test, kept, f"test_fraction {test_fraction:g}"
                 if test_fraction is not None else "the official test set")  # fmt: skip
    train, validation = chosen & ~test, None
    if validation_fraction is not None:
        # a seed of its own, or a test set and a validation set of one size were the same draw
        aside = train & _draw(np.where(train, labels, -1), validation_fraction, [seed, 1])
        train, validation = train & ~aside, _part(data, labels, aside, dtype)
        _check_train(labels, train, kept, f"validation_fraction {validation_fraction:g}")
    return Split(
        _part(data, labels, train, dtype),
        validation,
        _part(data, labels, chosen & test, dtype),
        len(kept),
    )


def _check_train(labels: np.ndarray, train: np.ndarray, kept: Sequence[int], what: str) -> None:
    """Every class must have a training sample left.

    Raises:
        UserError: a class has none left.
    """
    for new, old in enumerate(kept):
        if np.any(labels == new) and not np.any(train & (labels == new)):
            count = int((labels == new).sum())
            raise UserError(
                f"dataset: class {old} has {count} sample{'s' if count > 1 else ''}, and {what} "
                "leaves none of them to train on"
            )


def _draw(labels: np.ndarray, fraction: float, seed: int | list[int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    test = np.zeros(len(labels), bool)
    for label in range(int(labels.max()) + 1):
        members = rng.permutation(np.flatnonzero(labels == label))
        test[members[: max(1, round(fraction * len(members)))]] = True
    return test


def _part(data: Prepared, labels: np.ndarray, mask: np.ndarray, dtype: type[np.floating]) -> Subset:
    images = data.images[mask]
    if isinstance(images, EncodedImages):
        return Subset(images, labels[mask])
    return Subset(images.astype(dtype) / dtype(data.scale), labels[mask])
