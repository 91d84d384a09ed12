"""From arrays as users keep them to images and labels of one form, or a line that says why not."""

import logging

import numpy as np

from advscape.data.shapes import channels_first
from advscape.errors import UserError

_LOG = logging.getLogger("advscape.data")

#: how far beyond [0, 1] a pixel may lie by rounding
_ROUNDING = 1e-6
#: whole numbers below this may be of another scale, such as 0 to 16 of scikit-learn's digits
_DARK = 32


def as_images(array: np.ndarray, where: str) -> np.ndarray:
    """Images (n, channels, h, w): uint8, or float32 in [0, 1].

    Bytes stay bytes, whole numbers from 0 to 255 become bytes, floats stay floats, truth values
    become 0 and 1. Two axes are flat features, three are images of one channel; with four the
    channels come last, and where the shape shows that they come first they are moved.

    Args:
        array: (n, d), (n, h, w), (n, h, w, channels) or (n, channels, h, w).
        where: the file and the array, for messages.

    Raises:
        UserError: the array is something else.
    """
    if array.dtype.kind not in "buif":
        raise UserError(f"{where}: got {array.dtype}; allowed: bytes, or numbers in [0, 1]")
    if array.ndim not in (2, 3, 4):
        raise UserError(f"{where}: got {array.ndim} axes; allowed: 2, 3 or 4")
    if array.size == 0:
        raise UserError(f"{where}: got an empty array, {array.shape}; allowed: at least one image")
    return _pixels(_axes(array, where), where)


def as_labels(array: np.ndarray, images: int, where: str) -> np.ndarray:
    """Labels (n,) int64 from 0; a label is only a name, of any size.

    Args:
        array: (n,) whole numbers or truth values.
        images: number of images that they belong to.
        where: the file and the array, for messages.

    Raises:
        UserError: they are something else, or not as many as the images.
    """
    if array.ndim != 1:
        raise UserError(f"{where}: got {array.ndim} axes; allowed: one axis, a label per image")
    if array.dtype.kind not in "bui":
        raise UserError(f"{where}: got {array.dtype}; allowed: integers from 0")
    if len(array) != images:
        raise UserError(f"{where}: got {len(array)} labels for {images} images")
    if array.size and (array.min() < 0 or int(array.max()) > np.iinfo(np.int64).max):
        raise UserError(
            f"{where}: got labels from {array.min()} to {array.max()}; allowed: integers from 0, "
            "of at most 63 bits"
        )
    return array.astype(np.int64)


def _axes(array: np.ndarray, where: str) -> np.ndarray:
    if array.ndim == 2:
        return array[:, None, None, :]
    if array.ndim == 3:
        return array[:, None]
    if channels_first(array.shape, where):
        _LOG.warning("%s: %s is read as (n, channels, height, width)", where, array.shape)
        return array
    return np.moveaxis(array, -1, 1)


def _pixels(array: np.ndarray, where: str) -> np.ndarray:
    low, high = array.min(), array.max()
    if array.dtype.kind == "b":
        return array.astype(np.float32)
    if array.dtype.kind in "ui":
        if high == 1 and low == 0:
            raise UserError(
                f"{where}: got whole numbers that are all 0 or 1, which as bytes would be nearly "
                "black; allowed: bytes from 0 to 255, or floats in [0, 1]"
            )
        if low < 0 or high > 255:
            raise UserError(
                f"{where}: got whole numbers from {low} to {high}; allowed: 0 to 255, or floats "
                "in [0, 1]"
            )
        if 0 < high < _DARK:
            _LOG.warning(
                "%s: whole numbers from %d to %d are read as bytes, of which 255 is white; divide "
                "them where another number is", where, low, high,
            )  # fmt: skip
        return array.astype(np.uint8)
    if not (np.isfinite(low) and np.isfinite(high)):  # one NaN makes both NaN
        count = int((~np.isfinite(array)).sum())
        raise UserError(f"{where}: {count} pixels are not finite; allowed: [0, 1]")
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        hint = " (divide by 255?)" if low >= 0 and 2 < high <= 255 else ""
        raise UserError(f"{where}: pixels lie in [{low:.9g}, {high:.9g}]; allowed: [0, 1]{hint}")
    if 0 < high < _DARK / 255:
        _LOG.warning(
            "%s: pixels lie in [%.3g, %.3g], nearly black in [0, 1]: divided by 255 twice?",
            where, low, high,
        )  # fmt: skip
    pixels = array.astype(np.float32)
    beyond = int(((pixels < 0) | (pixels > 1)).sum())
    if beyond:
        _LOG.warning("%s: %d pixels beyond [0, 1] by rounding are clipped", where, beyond)
    return pixels.clip(0, 1)
