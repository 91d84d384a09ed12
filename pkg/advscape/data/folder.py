"""Images in ImageNet's layout: a folder for each split, in it one for each class."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from advscape.data.encoded import EncodedImages, Transform
from advscape.data.listing import (
    SPLIT_NAMES,
    classes_in_order,
    image_files,
    note_unread,
    split_folders,
)
from advscape.data.prepared import Prepared
from advscape.errors import UserError, in_words

_LOG = logging.getLogger("advscape.data")
_CONTENTS = "advscape.data.folder:contents"


def folder(
    root: Path,
    path: str | None,
    resize: int | None = None,
    crop: int | None = None,
    class_names: list[str] | None = None,
) -> Prepared:
    """List the images of ``<path>/<split>/<class>/``; none but perhaps the first is opened.

    Args:
        root: the data root.
        path: the folder, relative to it.
        resize: as of :class:`advscape.data.encoded.Transform`.
        crop: as of it.
        class_names: the classes in the order of their labels; sorted unless given.

    Raises:
        UserError: there are no images, or a class is not in ``class_names``.
    """
    place = root / str(path)
    names = classes_in_order(place, class_names)
    _LOG.info("classes, in the order of their labels: %s", ", ".join(names))
    items, labels, in_test = [], [], []
    splits = split_folders(place)
    known = [there.name for there in place.iterdir() if there.name.lower() in SPLIT_NAMES]
    note_unread(place, known, [there.name for there in splits.values()])
    for split, there in splits.items():
        for label, name in enumerate(names):
            if not (there / name).is_dir():
                continue
            files = [f"{there.name}/{name}/{file}" for file in image_files(there / name)]
            items += files
            labels += [label] * len(files)
            in_test += [split == "test" and len(splits) > 1] * len(files)
    if not items:
        raise UserError(f"dataset folder: {place} holds no .jpg, .jpeg or .png in its classes")
    images = EncodedImages.of(_CONTENTS, place, items, Transform(resize, crop))
    return Prepared(images, np.array(labels), np.array(in_test), 255.0, len(names))


def contents(place: Path, items: Sequence[str]) -> Iterator[bytes]:
    """The bytes of files, one after the other.

    Raises:
        UserError: one cannot be read.
    """
    for item in items:
        try:
            yield (place / item).read_bytes()
        except OSError as error:
            raise UserError(f"{place / item} cannot be read: {in_words(error)}") from error
