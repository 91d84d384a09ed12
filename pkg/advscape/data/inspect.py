"""What is seen of the user's own data before any job: whether they will do, and have a test set.

Read at every start, so nothing here imports numpy.
"""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advscape.data.listing import (
    class_folders,
    classes_in_order,
    image_files,
    parquet_files,
    split_folders,
)
from advscape.data.shapes import npz_image_shape, npz_splits
from advscape.errors import UserError


@dataclass(frozen=True)
class Seen:
    """What was seen.

    Attributes:
        has_test: whether there is a test set.
        shape: (channels, height, width) of the images, where it is seen.
    """

    has_test: bool
    shape: tuple[int, int, int] | None = None


@contextmanager
def _allowed(what: str) -> Iterator[None]:
    try:
        yield
    except UserError as problem:
        raise UserError(f"{what}; {problem}") from None


@_allowed("an .npz file, which np.savez writes")
def npz(place: Path, options: Mapping[str, Any]) -> Seen:
    """Look at an .npz file.

    Raises:
        UserError: it is none, or lacks images or labels.
    """
    if not zipfile.is_zipfile(place):
        raise UserError(f"{place} is none, or damaged")
    try:
        with zipfile.ZipFile(place) as archive:
            arrays = [name.removesuffix(".npy") for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Seen(has_test=True)  # damaged: the job that reads it says how
    return Seen("test" in npz_splits(arrays, place), npz_image_shape(place))


@_allowed("a folder of <split>/<class>/<image>")
def folder(place: Path, options: Mapping[str, Any]) -> Seen:
    """Look at a folder of images.

    Raises:
        UserError: it is none, or lacks classes or images.
    """
    if not place.is_dir():
        raise UserError(f"{place} is no folder")
    classes = classes_in_order(place, options.get("class_names"))
    if len(classes) < 2:
        raise UserError(f"{place} has the class {classes[0]} alone")
    splits = split_folders(place)
    for split in splits.values():
        if not any(image_files(split / name) for name in class_folders(split)):
            raise UserError(f"{split} has no .jpg, .jpeg or .png in its classes")
    return Seen(len(splits) > 1, _square(options))


@_allowed("a folder of Parquet files with the columns image_key and label_key")
def parquet(place: Path, options: Mapping[str, Any]) -> Seen:
    """Look at a folder of Parquet files: of each split at the first.

    Raises:
        UserError: it is none, or a file lacks a column.
    """
    # with numpy: only studies of Parquet files wait for it
    from advscape.data.parquet import check_columns

    if not place.is_dir():
        raise UserError(f"{place} is no folder")
    splits = parquet_files(place)
    keys = {key: options[key] for key in ("image_key", "label_key") if key in options}
    for files in splits.values():
        check_columns(place / files[0], **keys)
    return Seen(len(splits) > 1, _square(options))


def _square(options: Mapping[str, Any]) -> tuple[int, int, int] | None:
    side = options.get("crop")
    return None if side is None else (3, side, side)
