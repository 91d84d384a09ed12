"""Image files in folders, listed without opening any. Read at every start: it imports no numpy."""

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from advscape.errors import UserError

_LOG = logging.getLogger("advscape.data")

#: suffixes of image files, in lower case
IMAGES = (".jpg", ".jpeg", ".png")
#: those of other image files
_OTHER_IMAGES = (
    ".avif", ".bmp", ".gif", ".heic", ".pgm", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
#: what the folder, or the files, of each split may be called; the first that is there is taken
SPLITS = {"train": ("train",), "test": ("test", "val", "validation")}
SPLIT_NAMES = [name for names in SPLITS.values() for name in names]


def note_unread(place: Path, there: Iterable[str], read: Iterable[str]) -> None:
    """Say in the log which of the things that lie in a place are not read, if any.

    Args:
        place: the folder or file.
        there: names of what lies there.
        read: names of what is read.
    """
    if left := sorted(set(there) - set(read)):
        _LOG.warning("%s: not read: %s", place, ", ".join(left))


def split_folders(folder: Path) -> dict[str, Path]:
    """The folders of the training and the test set, as far as they are there.

    Raises:
        UserError: there is neither.
    """
    # Train is train, which otherwise would be left out beside test
    folders = {place.name.lower(): place for place in sorted(folder.glob("*")) if place.is_dir()}
    found = {
        split: next((folders[name] for name in names if name in folders), None)
        for split, names in SPLITS.items()
    }
    there = {split: place for split, place in found.items() if place is not None}
    if not there:
        names = ", ".join(SPLIT_NAMES)
        raise UserError(f"{folder} has no folder {names}, with a folder for each class in it")
    return there


def class_folders(split: Path) -> list[str]:
    """Names of a split's folders, one for each class, sorted."""
    with os.scandir(split) as entries:
        return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))


def image_files(folder: Path) -> list[str]:
    """Names of the image files in a class's folder, sorted.

    Raises:
        UserError: it holds further images, of a kind or in a place that is not read.
    """
    with os.scandir(folder) as entries:
        seen = sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    for entry in seen:
        if entry.is_dir() and _holds_images(Path(entry.path)):
            raise UserError(f"{entry.path} is a folder of images within a class; allowed: files")
        if entry.is_symlink() and not os.path.exists(entry.path):
            raise UserError(f"{entry.path} is a link to a file that is not there")
        if entry.name.lower().endswith(_OTHER_IMAGES):
            raise UserError(f"{entry.path} would be left out; allowed: .jpg, .jpeg and .png")
    return [e.name for e in seen if e.is_file() and e.name.lower().endswith(IMAGES)]


def _holds_images(folder: Path) -> bool:
    """Whether a folder has images of any kind, in whatever folder in it."""
    every = (file for _, _, files in os.walk(folder) for file in files)
    return any(file.lower().endswith((*IMAGES, *_OTHER_IMAGES)) for file in every)


def classes_in_order(folder: Path, given: list[str] | None) -> list[str]:
    """The class names of a folder's splits in the order of their labels.

    Args:
        folder: with the splits.
        given: the order, in which more classes may stand than have folders; sorted unless given.

    Raises:
        UserError: there is no class, or a folder is not in the order given, or without an order
            one has no images: it would be a class that no sample is of.
    """
    names: dict[str, list[Path]] = {}
    for split in split_folders(folder).values():
        for name in class_folders(split):
            names.setdefault(name, []).append(split / name)
    if not names:
        raise UserError(f"{folder} has no folder for a class in its splits")
    if given is None:
        filled = {name for name, places in names.items() if any(map(_holds_images, places))}
        empty = sorted(names.keys() - filled)
        if empty and filled:
            raise UserError(
                f"{names[empty[0]][0]} has no images; allowed: no such folder, or class_names, in "
                "which it may stand"
            )
        return sorted(names)
    unknown = [name for name in names if name not in set(given)]
    if unknown:
        raise UserError(f"{folder} has the class {unknown[0]}, which class_names lacks")
    return list(given)


def listing_digest(folder: Path) -> str:
    """Digest of a folder's files by names, sizes and times of change, 32 hexadecimal digits.

    To read millions of images at every start would take hours. So a file that was copied anew, or
    touched, counts as another one, and one that was changed without a trace in its time does not.

    Raises:
        OSError: a folder cannot be read.
    """
    digest = hashlib.sha256()
    for name, size, changed in _files(folder, ""):
        digest.update(f"{name}\0{size}\0{changed}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _files(folder: Path, inside: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = f"{inside}{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(folder / entry.name, f"{name}/")
        else:
            stat = entry.stat()
            yield name, stat.st_size, stat.st_mtime_ns


def all_parquet_files(folder: Path) -> list[str]:
    """Names of the Parquet files of a folder and those in it, relative to the folder, sorted.

    Hidden ones, such as downloads leave behind, are none of the data.
    """
    names = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return sorted(
        name.as_posix()
        for name in names
        if name.suffix.lower() == ".parquet" and not any(p.startswith(".") for p in name.parts)
    )


def parquet_files(folder: Path) -> dict[str, list[str]]:
    """Names of the Parquet files of the training and the test set, relative to the folder, sorted.

    A file is of the split that its name begins with, or else the nearest folder around it.

    Raises:
        UserError: there are none.
    """
    by_name: dict[str, list[str]] = {}
    for file in all_parquet_files(folder):
        parts = reversed(file.lower().split("/"))
        split = next(
            (name for part in parts for name in SPLIT_NAMES if part.startswith(name)), None
        )
        if split is not None:
            by_name.setdefault(split, []).append(file)
    found = {
        split: next(by_name[name] for name in names if name in by_name)
        for split, names in SPLITS.items()
        if any(name in by_name for name in names)
    }
    if not found:
        patterns = ", ".join(f"{name}*.parquet" for name in SPLIT_NAMES)
        raise UserError(f"{folder} has no file {patterns}")
    return found
