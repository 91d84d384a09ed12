"""Published datasets as torchvision reads and downloads them."""

from pathlib import Path

import numpy as np

from advscape.data.prepared import Prepared, prepare
from advscape.errors import UserError, in_words


def cifar10(root: Path, path: str | None) -> Prepared:
    """CIFAR-10 (Krizhevsky 2009)."""
    return _read("cifar10", root)


def cifar100(root: Path, path: str | None) -> Prepared:
    """CIFAR-100 (Krizhevsky 2009)."""
    return _read("cifar100", root)


def svhn(root: Path, path: str | None) -> Prepared:
    """SVHN, cropped digits (Netzer et al. 2011)."""
    return _read("svhn", root)


def fetch(name: str, root: Path) -> None:
    """Download a dataset into the data root.

    Raises:
        OSError: the network or the folder does not let it.
        RuntimeError: what came is not what was published.
    """
    for train in (True, False):
        _part(name, root, train, download=True)


def _read(name: str, root: Path) -> Prepared:
    """As torchvision reads them; it checks their MD5, and unpickles what is as published only.

    Raises:
        UserError: torchvision cannot read it.
    """
    try:
        parts = [_part(name, root, train, download=False) for train in (True, False)]
    except Exception as error:
        raise UserError(f"dataset {name}: in {root}: {in_words(error)}") from error
    return prepare(parts, f"dataset {name}: {root}")


def _part(name: str, root: Path, train: bool, download: bool) -> tuple[np.ndarray, np.ndarray]:
    from torchvision import datasets

    if name == "svhn":
        part = datasets.SVHN(root, split="train" if train else "test", download=download)
        return np.moveaxis(part.data, 1, -1), np.asarray(part.labels)
    kind = {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}
    part = kind[name](root, train=train, download=download)
    return np.asarray(part.data), np.asarray(part.targets)
