"""A dataset as later stages read it: one .npz file of plain arrays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advscape.atomic import replacing
from advscape.errors import UserError


@dataclass(frozen=True)
class Prepared:
    """All samples of a dataset.

    Attributes:
        images: (n, channels, height, width), uint8 or float32; pixel = images / scale in [0, 1].
        labels: (n,) int64, 0 to classes - 1.
        official_test: (n,) bool, True for the official test set; all False where there is none.
        scale: the value that stands for a pixel of 1.
    """

    images: np.ndarray
    labels: np.ndarray
    official_test: np.ndarray
    scale: float

    def save(self, path: str | Path) -> None:
        """Write the arrays, atomically."""
        with replacing(path) as temporary:
            np.savez(
                temporary,
                images=self.images,
                labels=self.labels,
                official_test=self.official_test,
                scale=np.float64(self.scale),
            )

    @staticmethod
    def load(path: str | Path) -> "Prepared":
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return Prepared(
                file["images"], file["labels"], file["official_test"], float(file["scale"])
            )


def prepare(images: np.ndarray, labels: np.ndarray, test: np.ndarray, scale: float) -> Prepared:
    """Check raw arrays and bring them into one form.

    Args:
        images: (n, h, w), (n, h, w, c) or (n, d), finite numbers in [0, scale].
        labels: (n,) integers from 0.
        test: (n,) bool.
        scale: the value that stands for a pixel of 1.

    Raises:
        UserError: where the arrays do not fit together.
    """
    if labels.ndim != 1:
        raise UserError(f"dataset: labels have {labels.ndim} axes; allowed: one axis")
    if len(images) != len(labels):
        raise UserError(f"dataset: {len(images)} images but {len(labels)} labels")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise UserError(f"dataset: labels must be integers from 0, got {labels.dtype}")
    if images.ndim == 2:  # flat features: one row of pixels
        images = images[:, None, None, :]
    elif images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4:
        images = np.moveaxis(images, -1, 1)
    else:
        raise UserError(f"dataset: images have {images.ndim} axes; allowed: 2, 3 or 4")
    if images.dtype != np.uint8:
        images = images.astype(np.float32)
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= scale):  # also false for NaN
        raise UserError(f"dataset: pixels lie in [{low:g}, {high:g}]; allowed: [0, {scale:g}]")
    return Prepared(np.ascontiguousarray(images), labels.astype(np.int64), test, scale)
