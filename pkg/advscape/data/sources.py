"""Where datasets come from: one function per source, each giving a :class:`Prepared`."""

import gzip
import io
import logging
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from advscape.data import files
from advscape.data.prepared import Prepared, prepare
from advscape.errors import UserError

_LOG = logging.getLogger("advscape.data")


def load_source(name: str, path: str | None, root: Path, download: bool) -> Prepared:
    """Read a dataset.

    Args:
        name: a dataset name of the config.
        path: for npz, the file relative to ``root``.
        root: the data root; only read, unless ``download``.
        download: let torchvision fetch missing files into ``root``.

    Raises:
        UserError: the files are missing, cannot be fetched, or do not hold what they should.
    """
    if name == "digits":
        return _digits()
    if name == "npz":
        return _npz(root / str(path))
    missing = [file for file in files.needed(name, path) if not (root / file).is_file()]
    if missing and not download:
        raise UserError(f"dataset {name}: {root} does not hold {missing[0]}")
    if missing:
        _download(name, root)
    return _mnist(root) if name == "mnist" else _torchvision(name, root)


def _digits() -> Prepared:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = bunch.images.astype(np.uint8)  # whole numbers from 0 to 16
    return prepare(images, bunch.target, np.zeros(len(images), bool), scale=16)


def _mnist(root: Path) -> Prepared:
    """The four .gz files in place: torchvision would unpack them into the data root."""
    parts = {key: _idx(root / file) for key, file in files.MNIST.items()}
    images = np.concatenate([parts["train", "images"], parts["test", "images"]])
    labels = np.concatenate([parts["train", "labels"], parts["test", "labels"]])
    test = np.arange(len(images)) >= len(parts["train", "images"])
    return prepare(images, labels, test, scale=255)


def _idx(path: Path) -> np.ndarray:
    """An IDX file of unsigned bytes: magic 0 0 8 ndim, big-endian sizes, then the values."""
    with gzip.open(path) as stream:
        content = stream.read()
    if content[:3] != b"\x00\x00\x08":
        raise UserError(f"dataset mnist: {path} is not an IDX file of unsigned bytes")
    ndim = content[3]
    shape = np.frombuffer(content, ">i4", ndim, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def _torchvision(name: str, root: Path) -> Prepared:
    parts = [_torchvision_part(name, root, train, download=False) for train in (True, False)]
    images = np.concatenate([images for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    test = np.arange(len(images)) >= len(parts[0][0])
    return prepare(images, labels, test, scale=255)


def _torchvision_part(
    name: str, root: Path, train: bool, download: bool
) -> tuple[np.ndarray, np.ndarray]:
    from torchvision import datasets

    if name == "svhn":
        part = datasets.SVHN(root, split="train" if train else "test", download=download)
        return np.moveaxis(part.data, 1, -1), np.asarray(part.labels)
    kind = {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}
    part = kind[name](root, train=train, download=download)
    return np.asarray(part.data), np.asarray(part.targets)


def _download(name: str, root: Path) -> None:
    _LOG.info("downloading %s into %s", name, root)
    try:
        for train in (True, False):
            _torchvision_part(name, root, train, download=True)
    except (OSError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"dataset {name}: cannot be downloaded into {root} ({reason}); "
            "put its files there, or set ADVSCAPE_DATA to a folder that holds them"
        ) from error


def _npz(path: Path) -> Prepared:
    if not path.is_file():
        raise UserError(f"dataset npz: {path} does not exist")
    try:
        with np.load(path, allow_pickle=False) as file:
            parts = [_npz_part(file, split, path) for split in ("train", "test")]
            names = ", ".join(file.files)
    except (ValueError, OSError, BadZipFile) as error:
        raise UserError(f"dataset npz: {path} cannot be read: {error}") from error
    present = [part for part in parts if part is not None]
    if parts[0] is None:
        raise UserError(f"dataset npz: {path} has no train_images; it has {names}")
    images = np.concatenate([images for images, _ in present])
    labels = np.concatenate([labels for _, labels in present])
    test = np.arange(len(images)) >= len(present[0][0])
    return prepare(images, labels, test, scale=255 if images.dtype == np.uint8 else 1)


def _npz_part(
    file: np.lib.npyio.NpzFile, split: str, path: Path
) -> tuple[np.ndarray, np.ndarray] | None:
    if f"{split}_images" in file:
        images = file[f"{split}_images"]
    elif f"{split}_jpeg" in file and f"{split}_offsets" in file:
        images = _decode_jpeg(file[f"{split}_jpeg"], file[f"{split}_offsets"])
    else:
        return None
    if f"{split}_labels" not in file:
        raise UserError(f"dataset npz: {path} has no {split}_labels")
    return images, file[f"{split}_labels"]


def _decode_jpeg(content: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(n, h, w, 3) uint8 from JPEG files laid end to end; image i is content[o[i]:o[i + 1]]."""
    from PIL import Image

    raw = content.tobytes()
    return np.stack(
        [
            np.asarray(Image.open(io.BytesIO(raw[start:end])).convert("RGB"))
            for start, end in pairwise(offsets)
        ]
    )
