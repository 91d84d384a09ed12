"""Where datasets come from: one function per source, each giving a :class:`Prepared`."""

import gzip
import io
import logging
import math
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np

from advscape.data import files
from advscape.data.prepared import Prepared, prepare
from advscape.errors import UserError, in_words

_LOG = logging.getLogger("advscape.data")


def load_source(name: str, path: str | None, root: Path, download: bool) -> Prepared:
    """Read a dataset.

    Args:
        name: a dataset name of the config.
        path: for npz, the file relative to ``root``.
        root: the data root; only read, unless ``download``.
        download: let torchvision fetch missing files into ``root``.

    Raises:
        UserError: the files are missing, damaged, cannot be fetched, or do not hold what they
            should.
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
    return prepare([(images, bunch.target)], "dataset digits", scale=16)


def _mnist(root: Path) -> Prepared:
    """The four .gz files in place: torchvision would unpack them into the data root."""
    parts = {key: _idx(root / file) for key, file in files.MNIST.items()}
    for split in ("train", "test"):
        images, labels = parts[split, "images"], parts[split, "labels"]
        if len(images) != len(labels):
            file = root / files.MNIST[split, "labels"]
            raise UserError(
                f"dataset mnist: {file} has {len(labels)} labels for {len(images)} images"
            )
    pairs = [(parts[split, "images"], parts[split, "labels"]) for split in ("train", "test")]
    return prepare(pairs, f"dataset mnist: {root}")


def _idx(path: Path) -> np.ndarray:
    """An IDX file of unsigned bytes: magic 0 0 8 ndim, big-endian sizes, then the values."""
    try:
        with gzip.open(path) as stream:
            content = stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"dataset mnist: {path} is damaged: {in_words(error)}") from error
    if content[:3] != b"\x00\x00\x08" or len(content) < 4:
        raise UserError(f"dataset mnist: {path} is not an IDX file of unsigned bytes")
    ndim = content[3]
    values = len(content) - 4 - 4 * ndim
    shape = np.frombuffer(content[4 : 4 + 4 * ndim], ">u4") if values >= 0 else []
    if values < 0 or math.prod(map(int, shape)) != values:
        raise UserError(
            f"dataset mnist: {path} is damaged: it holds {max(values, 0)} values and says "
            f"{' x '.join(str(size) for size in shape) or 'nothing'}"
        )
    return np.frombuffer(content, np.uint8, offset=4 + 4 * ndim).reshape(tuple(map(int, shape)))


def _torchvision(name: str, root: Path) -> Prepared:
    """As torchvision reads them; it checks their MD5, and unpickles what is as published only."""
    try:
        parts = [_torchvision_part(name, root, train, download=False) for train in (True, False)]
    except Exception as error:
        raise UserError(f"dataset {name}: in {root}: {in_words(error)}") from error
    return prepare(parts, f"dataset {name}: {root}")


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
        raise UserError(
            f"dataset {name}: cannot be downloaded into {root} ({in_words(error)}); "
            "put its files there, or set ADVSCAPE_DATA to a folder that holds them"
        ) from error


def _npz(path: Path) -> Prepared:
    if not path.is_file():
        raise UserError(f"dataset npz: {path} does not exist, or is no file")
    try:
        parts = _npz_parts(path)
    except UserError:
        raise
    except Exception as error:  # whatever zip, zlib and numpy say of a damaged file
        raise UserError(f"dataset npz: {path} cannot be read: {in_words(error)}") from error
    return prepare(parts, f"dataset npz: {path}")


def _npz_parts(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    with open(path, "rb") as stream:
        if stream.read(2) != b"PK":
            raise UserError(f"dataset npz: {path} is not an .npz file, which np.savez writes")
    with np.load(path, allow_pickle=False) as file:
        parts = [_npz_part(file, split, path) for split in ("train", "test")]
        if parts[0] is None:
            names = ", ".join(file.files) or "nothing"
            raise UserError(f"dataset npz: {path} has no train_images; it has {names}")
    return [part for part in parts if part is not None]


def _npz_part(
    file: np.lib.npyio.NpzFile, split: str, path: Path
) -> tuple[np.ndarray, np.ndarray] | None:
    if f"{split}_images" in file:
        images = file[f"{split}_images"]
    elif f"{split}_jpeg" in file and f"{split}_offsets" in file:
        where = f"dataset npz: {path}: {split}_jpeg"
        images = _decode_jpeg(file[f"{split}_jpeg"], file[f"{split}_offsets"], where)
    else:
        return None
    if f"{split}_labels" not in file:
        raise UserError(f"dataset npz: {path} has no {split}_labels")
    return images, file[f"{split}_labels"]


def _decode_jpeg(content: np.ndarray, offsets: np.ndarray, where: str) -> np.ndarray:
    """(n, h, w, 3) uint8 from JPEG files laid end to end; image i is content[o[i]:o[i + 1]]."""
    from PIL import Image

    if content.dtype != np.uint8 or content.ndim != 1:
        raise UserError(f"{where}: got {content.dtype} of {content.ndim} axes; allowed: bytes")
    whole = offsets.ndim == 1 and offsets.dtype.kind in "ui" and len(offsets) > 1
    if not whole or offsets.min() < 0 or offsets.max() > len(content):
        raise UserError(
            f"{where}: its offsets do not lie within its {len(content)} bytes; allowed: n + 1 "
            "integers that rise from 0"
        )
    raw, images = content.tobytes(), []
    for i, (start, end) in enumerate(pairwise(offsets.tolist())):
        try:
            with Image.open(io.BytesIO(raw[start:end])) as image:
                images.append(np.asarray(image.convert("RGB")))
        except Exception as error:  # Pillow's readers raise many kinds
            raise UserError(f"{where}: image {i} cannot be read: {in_words(error)}") from error
        if images[i].shape != images[0].shape:
            raise UserError(
                f"{where}: image {i} is {images[i].shape[:2]}, the first {images[0].shape[:2]}; "
                "allowed: one size"
            )
    return np.stack(images)
