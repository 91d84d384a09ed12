"""The datasets: config, checks and readers take them from here. Read at every start: no imports.

A reader is called with the data root, the config's ``path`` and by name with its ``options``, and
gives a :class:`advscape.data.prepared.Prepared`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Source:
    """Where a dataset comes from.

    Attributes:
        read: ``module:name`` of its reader.
        classes: number of labels; None where only its files tell.
        official_test: whether it has a test set of its own, or may have one.
        files: those it needs, relative to the data root, and the MD5 that was published with each,
            as torchvision has it: a file that is still to be downloaded is known by its content.
        fetch: ``module:name`` of what downloads them, called with the name and the data root; None
            where nothing can.
        own: whether the config's ``path`` names its one "file" or its "folder".
        options: keys of the config that it has beside.
        inspect: ``module:name`` of what looks at that file or folder before any job: from it and
            the options to :class:`advscape.data.inspect.Seen`, or an error that says what is
            allowed.
    """

    read: str
    classes: int | None = None
    official_test: bool = True
    files: Mapping[str, str] = field(default_factory=dict)
    fetch: str | None = None
    own: Literal["file", "folder"] | None = None
    options: tuple[str, ...] = ()
    inspect: str | None = None


_FETCH = "advscape.data.published:fetch"

MNIST = {
    ("train", "images"): "MNIST/raw/train-images-idx3-ubyte.gz",
    ("train", "labels"): "MNIST/raw/train-labels-idx1-ubyte.gz",
    ("test", "images"): "MNIST/raw/t10k-images-idx3-ubyte.gz",
    ("test", "labels"): "MNIST/raw/t10k-labels-idx1-ubyte.gz",
}

#: by name
DATASETS: dict[str, Source] = {
    "digits": Source("advscape.data.digits:digits", 10, official_test=False),
    "mnist": Source(
        "advscape.data.mnist:mnist",
        10,
        files={
            MNIST["train", "images"]: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            MNIST["train", "labels"]: "d53e105ee54ea40749a09fcbcd1e9432",
            MNIST["test", "images"]: "9fb629c4189551a2d022fa330f9573f3",
            MNIST["test", "labels"]: "ec29112dd5afa0611ce80d1b7f02629c",
        },
        fetch=_FETCH,
    ),
    "cifar10": Source(
        "advscape.data.published:cifar10",
        10,
        files={
            "cifar-10-batches-py/data_batch_1": "c99cafc152244af753f735de768cd75f",
            "cifar-10-batches-py/data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "cifar-10-batches-py/data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "cifar-10-batches-py/data_batch_4": "634d18415352ddfa80567beed471001a",
            "cifar-10-batches-py/data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
            "cifar-10-batches-py/test_batch": "40351d587109b95175f43aff81a1287e",
        },
        fetch=_FETCH,
    ),
    "cifar100": Source(
        "advscape.data.published:cifar100",
        100,
        files={
            "cifar-100-python/train": "16019d7e3df5f24257cddd939b257f8d",
            "cifar-100-python/test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
        },
        fetch=_FETCH,
    ),
    "svhn": Source(
        "advscape.data.published:svhn",
        10,
        files={
            "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
            "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
        },
        fetch=_FETCH,
    ),
    "npz": Source("advscape.data.npz:npz", own="file", inspect="advscape.data.inspect:npz"),
    "folder": Source(
        "advscape.data.folder:folder",
        own="folder",
        options=("resize", "crop", "class_names"),
        inspect="advscape.data.inspect:folder",
    ),
    "parquet": Source(
        "advscape.data.parquet:parquet",
        own="folder",
        options=("resize", "crop", "image_key", "label_key"),
        inspect="advscape.data.inspect:parquet",
    ),
}


def needed(name: str, path: str | None) -> list[str]:
    """Files, relative to the data root, without which the dataset cannot be read; or its folder."""
    return [path] if path is not None else list(DATASETS[name].files)
