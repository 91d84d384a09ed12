"""Arrays as users keep them: read right, or refused with the file's name."""

import logging

import numpy as np
import pytest

from advscape.data.arrays import as_images, as_labels
from advscape.data.prepared import prepare
from advscape.errors import UserError

RNG = np.random.default_rng(0)
WHERE = "dataset npz: /data/mine.npz: train_images"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((5, 3, 32, 32), (5, 3, 32, 32)), ((5, 1, 28, 28), (5, 1, 28, 28)),
        ((5, 10, 32, 32), (5, 10, 32, 32)), ((5, 3, 32, 48), (5, 3, 32, 48)),
        ((5, 32, 32, 3), (5, 3, 32, 32)), ((5, 28, 28, 1), (5, 1, 28, 28)),
        ((5, 32, 48, 3), (5, 3, 32, 48)), ((5, 4, 4, 1), (5, 1, 4, 4)),
        ((5, 1, 4, 4), (5, 1, 4, 4)), ((5, 3, 3, 3), (5, 3, 3, 3)), ((5, 8, 8), (5, 1, 8, 8)),
        ((5, 8, 6), (5, 1, 8, 6)), ((5, 12), (5, 1, 1, 12)), ((5, 16, 16, 12), (5, 12, 16, 16)),
    ],
)  # fmt: skip
def test_channels_go_where_they_belong(given, wanted, caplog):
    array = RNG.integers(2, 256, given, dtype=np.uint8)
    with caplog.at_level(logging.WARNING):
        images = as_images(array, WHERE)
    assert images.shape == wanted
    first = len(given) == 4 and given == wanted and given[1] != given[2]
    assert np.array_equal(images.ravel() if first else images[2, :, -1, -1],
                          array.ravel() if first else np.ravel(array[2].reshape(
                              wanted[2], wanted[3], wanted[1])[-1, -1]))  # fmt: skip
    assert ("is read as (n, channels, height, width)" in caplog.text) == first


@pytest.mark.parametrize("shape", [(5, 10, 32, 64), (5, 3, 32, 4), (5, 4, 6, 3)])
def test_axes_that_could_be_either_are_refused(shape):
    with pytest.raises(UserError, match="could be first or last"):
        as_images(np.full(shape, 7, np.uint8), WHERE)


def test_rounding_is_clipped_and_said(caplog):
    array = np.array([[0.5, 1 + 1.2e-7], [-1e-8, 0.25]])
    with caplog.at_level(logging.WARNING):
        images = as_images(array, WHERE)
    assert images.ravel().tolist() == [0.5, 1, 0, 0.25]
    assert "mine.npz: train_images: 2 pixels beyond [0, 1] by rounding are clipped" in caplog.text


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "u1", "i2", ">u4", "i8", "?"])
def test_numbers_of_any_width_are_the_same_pixels(dtype):
    whole = np.array([[0, 1, 1], [1, 0, 1]])
    if np.dtype(dtype).kind in "iu":
        images = as_images((255 * whole).astype(dtype), WHERE)
        assert images.dtype == np.uint8
        assert np.array_equal(images.reshape(2, 3), 255 * whole)
    else:
        images = as_images(whole.astype(dtype), WHERE)
        assert images.dtype == np.float32
        assert np.array_equal(images.reshape(2, 3), whole)


PIXELS = {
    "complex": (np.zeros((2, 2), complex), "got complex128; allowed: bytes, or numbers"),
    "text": (np.array([["a", "b"]]), "got <U1; allowed"),
    "objects": (np.array([[None]]), "got object; allowed"),
    "dates": (np.zeros((2, 2), "M8[s]"), "got datetime64"),
    "one axis": (np.zeros(3), "got 1 axes; allowed: 2, 3 or 4"),
    "five axes": (np.zeros((1, 1, 1, 1, 1)), "got 5 axes; allowed: 2, 3 or 4"),
    "no samples": (np.zeros((0, 4, 4)), r"got an empty array, \(0, 4, 4\)"),
    "no pixels": (np.zeros((4, 0)), "got an empty array"),
    "not finite": (np.array([[0.5, np.nan, np.inf]]), "2 pixels are not finite; allowed"),
    "above 1": (np.array([[0.5, 1.0001]]), r"pixels lie in \[0.5, 1.0001\]; allowed: \[0, 1\]$"),
    "bytes as floats": (np.array([[0.0, 255.0]]), r"allowed: \[0, 1\] \(divide by 255\?\)"),
    "below 0": (np.array([[-1.0, 1.0]]), r"pixels lie in \[-1, 1\]"),
    "bits": (np.array([[0, 1]], np.uint8), "whole numbers that are all 0 or 1"),
    "large": (np.array([[0, 256]]), "whole numbers from 0 to 256"),
    "negative": (np.array([[-1, 3]]), "whole numbers from -1 to 3"),
}


@pytest.mark.parametrize(("array", "words"), PIXELS.values(), ids=PIXELS)
def test_pixels_that_will_not_do(array, words):
    with pytest.raises(UserError, match=words) as refused:
        as_images(array, WHERE)
    assert str(refused.value).startswith(f"{WHERE}: ")


LABELS = {
    "floats": (np.zeros(2), "got float64; allowed: integers from 0"),
    "one-hot": (np.eye(2, dtype=int), "got 2 axes; allowed: one axis"),
    "too many": (np.arange(3), "got 3 labels for 2 images"),
    "negative": (np.array([0, -1]), "labels from -1 to 0"),
    "huge": (np.array([0, 2**63], np.uint64), "of at most 63 bits"),
    "none": (np.zeros(0, int), "got 0 labels for 2 images"),
}


@pytest.mark.parametrize(("array", "words"), LABELS.values(), ids=LABELS)
def test_labels_that_will_not_do(array, words):
    with pytest.raises(UserError, match=words):
        as_labels(array, 2, WHERE)


def test_whole_numbers_of_another_scale_are_said(caplog):
    """scikit-learn's digits go from 0 to 16."""
    with caplog.at_level(logging.WARNING):
        images = as_images(np.arange(17).reshape(1, 1, 17), WHERE)
    assert images.max() == 16
    assert "whole numbers from 0 to 16 are read as bytes, of which 255 is white" in caplog.text


def test_floats_that_are_nearly_black_are_said(caplog):
    as_images(np.array([[0.0, 1.0 / 255]]), "mine.npz: train_images")
    assert "mine.npz: train_images: pixels lie in [0, 0.00392], nearly black" in caplog.text


def test_a_label_is_only_a_name():
    assert as_labels(np.array([10**12, 3]), 2, WHERE).tolist() == [10**12, 3]
    assert as_labels(np.array([True, False]), 2, WHERE).tolist() == [1, 0]


def test_train_and_test_become_one():
    grey, labels = np.full((2, 8, 8), 0.5), np.arange(2)
    with_axis = np.full((2, 8, 8, 1), 255, np.uint8)
    data = prepare([(grey, labels), (with_axis, labels)], "here")
    assert data.images.shape == (4, 1, 8, 8)
    assert data.images[:, 0, 0, 0].tolist() == [0.5, 0.5, 1, 1]
    assert data.scale == 1
    with pytest.raises(UserError, match=r"here: train_images are \(1, 8, 8\) and test_images \(1"):
        prepare([(grey, labels), (np.full((2, 8, 9), 0.5), labels)], "here")
