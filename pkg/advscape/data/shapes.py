"""The shape of images, and what an .npz file holds. Read at every start, so it imports no numpy."""

import ast
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path

from advscape.errors import UserError

#: numbers of channels that pictures have
_CHANNELS = (1, 3, 4)


def channels_first(shape: Sequence[int], where: str) -> bool:
    """Whether the channels of four axes come before height and width, or else last.

    Args:
        shape: (n, height, width, channels) or (n, channels, height, width).
        where: the file and the array, for messages.

    Raises:
        UserError: it could be either.
    """
    _, second, third, last = shape
    if second == third:
        return False
    if third == last:
        return True
    if (second in _CHANNELS) == (last in _CHANNELS):
        raise UserError(
            f"{where}: got the shape {tuple(shape)}, whose channels could be first or last; "
            "allowed: (n, height, width, channels)"
        )
    return second in _CHANNELS


def npz_splits(arrays: Collection[str], path: Path) -> list[str]:
    """The splits that an .npz file has: train, and perhaps test.

    Args:
        arrays: names of its arrays.
        path: the file, for messages.

    Raises:
        UserError: it has no training images, or no labels for its images.
    """
    splits = [
        split
        for split in ("train", "test")
        if f"{split}_images" in arrays or {f"{split}_jpeg", f"{split}_offsets"} <= set(arrays)
    ]
    labels = next((f"{s}_labels" for s in splits if f"{s}_labels" not in arrays), None)
    missing = labels if "train" in splits else "train_images"
    if missing:
        names = ", ".join(sorted(arrays)) or "nothing"
        raise UserError(f"{path} has no {missing}; it has {names}")
    return splits


def npz_image_shape(path: Path) -> tuple[int, int, int] | None:
    """(channels, height, width) of an .npz file's training images, from the array's header alone.

    None where the header does not say: images kept as JPEG, or an array that will not do, of which
    the job that reads it says why.
    """
    try:
        shape = _header_shape(path)
        if len(shape) == 2:
            return 1, 1, shape[1]
        if len(shape) == 3:
            return 1, shape[1], shape[2]
        first = channels_first(shape, str(path))
    except (OSError, ValueError, LookupError, TypeError, SyntaxError, NotImplementedError, EOFError,
            zipfile.BadZipFile, UserError):  # fmt: skip
        return None
    return (shape[1], shape[2], shape[3]) if first else (shape[3], shape[1], shape[2])


def _header_shape(path: Path) -> tuple[int, ...]:
    """Shape in the header of train_images.npy: magic, version, length, a Python dictionary.

    Raises:
        ValueError: the header is longer than numpy allows.
    """
    with zipfile.ZipFile(path) as archive, archive.open("train_images.npy") as stream:
        version = stream.read(8)[6]
        length = int.from_bytes(stream.read(2 if version == 1 else 4), "little")
        if length > 10_000:  # numpy itself takes no longer ones
            raise ValueError("a header of this length is none")
        header = ast.literal_eval(stream.read(length).decode("latin-1"))
    shape: tuple[int, ...] = header["shape"]
    return shape
