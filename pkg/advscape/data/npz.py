"""The user's own arrays: an .npz file, with images as arrays or as JPEG files laid end to end."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np

from advscape.data.encoded import as_rgb
from advscape.data.listing import note_unread
from advscape.data.prepared import Prepared, prepare
from advscape.data.shapes import npz_splits
from advscape.errors import UserError, in_words

#: arrays of a split
_PARTS = ("images", "jpeg", "offsets", "labels")


def npz(root: Path, path: str | None) -> Prepared:
    """Read a file below the data root.

    Raises:
        UserError: it is not there, damaged, or does not hold what it should.
    """
    file = root / str(path)
    if not file.is_file():
        raise UserError(f"dataset npz: {file} does not exist, or is no file")
    try:
        parts = _npz_parts(file)
    except UserError:
        raise
    except Exception as error:  # whatever zip, zlib and numpy say of a damaged file
        raise UserError(f"dataset npz: {file} cannot be read: {in_words(error)}") from error
    return prepare(parts, f"dataset npz: {file}")


def _npz_parts(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    with open(path, "rb") as stream:
        if stream.read(2) != b"PK":
            raise UserError(f"dataset npz: {path} is not an .npz file, which np.savez writes")
    with np.load(path, allow_pickle=False) as file:
        splits = npz_splits(file.files, path)
        known = {f"{split}_{part}" for split in splits for part in _PARTS}
        note_unread(path, file.files, known)
        return [_npz_part(file, split, path) for split in splits]


def _npz_part(file: np.lib.npyio.NpzFile, split: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if f"{split}_images" in file:
        images = file[f"{split}_images"]
    else:
        where = f"dataset npz: {path}: {split}_jpeg"
        images = _decode_jpeg(file[f"{split}_jpeg"], file[f"{split}_offsets"], where)
    return images, file[f"{split}_labels"]


def _decode_jpeg(content: np.ndarray, offsets: np.ndarray, where: str) -> np.ndarray:
    """(n, h, w, 3) uint8 from JPEG files laid end to end; image i is content[o[i]:o[i + 1]].

    Raises:
        UserError: the file is no .npz file, or has no training images.
    """
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
                images.append(np.asarray(as_rgb(image)))
        except Exception as error:  # Pillow's readers raise many kinds
            raise UserError(f"{where}: image {i} cannot be read: {in_words(error)}") from error
        if images[i].shape != images[0].shape:
            raise UserError(
                f"{where}: image {i} is {images[i].shape[:2]}, the first {images[0].shape[:2]}; "
                "allowed: one size"
            )
    return np.stack(images)
