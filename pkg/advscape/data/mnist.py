"""MNIST's four .gz files, read in place: torchvision would unpack them into the data root."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from advscape.data.catalogue import MNIST
from advscape.data.prepared import Prepared, prepare
from advscape.errors import UserError, in_words


def mnist(root: Path, path: str | None) -> Prepared:
    """Read the training and the test images.

    Raises:
        UserError: a file is damaged, or two do not fit each other.
    """
    parts = {key: _idx(root / file) for key, file in MNIST.items()}
    for split in ("train", "test"):
        images, labels = parts[split, "images"], parts[split, "labels"]
        if len(images) != len(labels):
            file = root / MNIST[split, "labels"]
            raise UserError(
                f"dataset mnist: {file} has {len(labels)} labels for {len(images)} images"
            )
    pairs = [(parts[split, "images"], parts[split, "labels"]) for split in ("train", "test")]
    return prepare(pairs, f"dataset mnist: {root}")


def _idx(path: Path) -> np.ndarray:
    """An IDX file of unsigned bytes: magic 0 0 8 ndim, big-endian sizes, then the values.

    Raises:
        UserError: the file is damaged, or no such file.
    """
    try:
        with gzip.open(path) as stream:
            content = stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"dataset mnist: {path} is damaged: {in_words(error)}") from error
    if content[:3] != b"\x00\x00\x08" or len(content) < 4:
        raise UserError(f"dataset mnist: {path} is not an IDX file of unsigned bytes")
    ndim = content[3]
    values = len(content) - 4 - 4 * ndim
    sizes = np.frombuffer(content[4 : 4 + 4 * ndim], ">u4") if values >= 0 else np.array([])
    shape = tuple(map(int, sizes))
    if values < 0 or math.prod(shape) != values:
        raise UserError(
            f"dataset mnist: {path} is damaged: it holds {max(values, 0)} values and says "
            f"{' x '.join(str(size) for size in shape) or 'nothing'}"
        )
    return np.frombuffer(content, np.uint8, offset=4 + 4 * ndim).reshape(shape)
