"""Parquet files in the layout of public hubs: a row for each image, its bytes and its label."""

import json
import logging
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet as pq

from advscape.data.arrays import as_labels
from advscape.data.encoded import EncodedImages, Transform
from advscape.data.listing import all_parquet_files, note_unread, parquet_files
from advscape.data.prepared import Prepared
from advscape.errors import UserError, in_words

_LOG = logging.getLogger("advscape.data")
_CONTENTS = "advscape.data.parquet:contents"
#: the columns of most hubs
_IMAGE, _LABEL = "image", "label"


def parquet(
    root: Path,
    path: str | None,
    resize: int | None = None,
    crop: int | None = None,
    image_key: str = _IMAGE,
    label_key: str = _LABEL,
) -> Prepared:
    """List the rows of ``<path>/**/<split>*.parquet`` by their labels; no image is decoded but one.

    Args:
        root: the data root.
        path: the folder, relative to it.
        resize: as of :class:`advscape.data.encoded.Transform`.
        crop: as of it.
        image_key: the column of the images: their files' bytes, or records with ``bytes``.
        label_key: the column of the labels, integers from 0.

    Raises:
        UserError: a file cannot be read, or lacks a column.
    """
    place = root / str(path)
    items, labels, in_test = [], [], []
    splits, names = parquet_files(place), None
    note_unread(place, all_parquet_files(place), chain(*splits.values()))
    for split, files in splits.items():
        for file in files:
            found, described = _labels(place / file, label_key)
            if described and names and described != names:
                raise UserError(
                    f"{place / file} names its classes {', '.join(described)}, files before it "
                    f"{', '.join(names)}; allowed: the same names in one order"
                )
            names = names or described
            # the column's name goes with the row, since nothing else reaches the reader
            items += [f"{file}#{image_key}#{row}" for row in range(len(found))]
            labels.append(found)
            in_test += [split == "test" and len(splits) > 1] * len(found)
    if not items:
        raise UserError(f"dataset parquet: {place} has no rows")
    if names:
        _LOG.info("classes, in the order of their labels: %s", ", ".join(names))
    images = EncodedImages.of(_CONTENTS, place, items, Transform(resize, crop))
    every, classes = np.concatenate(labels), len(names) if names else None
    if classes is not None and every.max() >= classes:
        raise UserError(
            f"dataset parquet: {place}: {label_key} goes up to {every.max()}; allowed: 0 to "
            f"{classes - 1}, since the files name {classes} classes"
        )
    return Prepared(images, every, np.array(in_test), 255.0, classes)


def check_columns(file: Path, image_key: str = _IMAGE, label_key: str = _LABEL) -> None:
    """Look that a file has both columns; no row is read.

    Raises:
        UserError: it cannot be read, or lacks one.
    """
    opened = _open(file)
    for key in (image_key, label_key):
        _check_column(opened, key, file)


def contents(place: Path, items: Sequence[str]) -> Iterator[bytes]:
    """The bytes of the images of rows, one after the other.

    Raises:
        UserError: one cannot be read.
    """
    located = (item.rsplit("#", 2) for item in items)
    for (name, key), rows in groupby(located, key=lambda parts: (parts[0], parts[1])):
        file = _open(place / name)
        group, start, loaded = 0, 0, None
        for row in (int(parts[2]) for parts in rows):
            while not start <= row < start + file.metadata.row_group(group).num_rows:
                # rows come in their order, but for those of a draw that is not sorted
                behind = row < start
                start = 0 if behind else start + file.metadata.row_group(group).num_rows
                group, loaded = 0 if behind else group + 1, None
            if loaded is None:
                loaded = _column(file, key, place / name, group)
            value = loaded[row - start].as_py()
            content = value.get("bytes") if isinstance(value, dict) else value
            if not isinstance(content, bytes):
                raise UserError(f"{place / name}, row {row}: {key} has no bytes of an image")
            yield content


def _open(file: Path) -> Any:
    try:
        return pq.ParquetFile(file)
    except Exception as error:  # pyarrow raises its own, and OSErrors
        raise UserError(f"{file} cannot be read: {in_words(error)}") from error


def _check_column(file: Any, key: str, place: Path) -> None:
    there = file.schema_arrow.names
    if there.count(key) != 1:
        have = "no column" if key not in there else f"{there.count(key)} columns"
        raise UserError(f"{place} has {have} {key!r}; it has {', '.join(there)}")


def _column(file: Any, key: str, place: Path, group: int | None = None) -> Any:
    """A column of a file, or of a group of its rows.

    Raises:
        UserError: there is none of that name, or it cannot be read.
    """
    _check_column(file, key, place)
    try:
        table = file.read([key]) if group is None else file.read_row_group(group, [key])
    except Exception as error:
        raise UserError(f"{place} cannot be read: {in_words(error)}") from error
    return table.column(key)


def _labels(place: Path, key: str) -> tuple[np.ndarray, list[str] | None]:
    """A file's labels, and the names of the classes where the file has them.

    Raises:
        UserError: they are no integers from 0.
    """
    file = _open(place)
    column = _column(file, key, place)
    if column.null_count:
        empty = f"{column.null_count} of {len(column)} are empty"
        raise UserError(f"{place}: {key}: {empty}; allowed: an integer from 0 in each row")
    labels = as_labels(column.to_numpy(), len(column), f"{place}: {key}")
    try:
        hub = json.loads((file.schema_arrow.metadata or {})[b"huggingface"])
        names = list(map(str, hub["info"]["features"][key]["names"]))
    except (KeyError, TypeError, ValueError):
        names = None
    return labels, names
