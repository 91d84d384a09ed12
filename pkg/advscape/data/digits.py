"""scikit-learn's digits: 1,797 images of 8 x 8, which come with it."""

from pathlib import Path

import numpy as np

from advscape.data.prepared import Prepared, prepare


def digits(root: Path, path: str | None) -> Prepared:
    """Read them; they need no file."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = bunch.images.astype(np.uint8)  # whole numbers from 0 to 16
    return prepare([(images, bunch.target)], "dataset digits", scale=16)
