"""What is seen of the user's own data before any job: whether they will do, and have a test set.

Read at every start, so nothing here imports numpy.
"""

import zipfile
from collections.abc import Mapping
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
from advscape.data.shapes import npz_image_shape
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


def npz(place: Path, options: Mapping[str, Any]) -> Seen:
    """Look at an .npz file.

    Raises:
        UserError: it is none.
    """
    if not zipfile.is_zipfile(place):
        raise UserError(f"an .npz file, which np.savez writes; {place} is none, or damaged")
    try:
        with zipfile.ZipFile(place) as archive:
            has_test = "test_labels.npy" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        has_test = True  # damaged: the job that reads it says how
    return Seen(has_test, npz_image_shape(place))


def folder(place: Path, options: Mapping[str, Any]) -> Seen:
    """Look at a folder of images.

    Raises:
        UserError: it is none, or lacks classes or images.
    """
    if not place.is_dir():
        raise UserError(f"a folder; {place} is none")
    classes_in_order(place, options.get("class_names"))
    splits = split_folders(place)
    for split in splits.values():
        if not any(image_files(split / name) for name in class_folders(split)):
            raise UserError(f"folders of .jpg, .jpeg or .png files; {split} has none")
    return Seen(len(splits) > 1, _square(options))


def parquet(place: Path, options: Mapping[str, Any]) -> Seen:
    """Look at a folder of Parquet files.

    Raises:
        UserError: it is none.
    """
    if not place.is_dir():
        raise UserError(f"a folder of .parquet files; {place} is none")
    return Seen(len(parquet_files(place)) > 1, _square(options))


def _square(options: Mapping[str, Any]) -> tuple[int, int, int] | None:
    side = options.get("crop")
    return None if side is None else (3, side, side)
