"""Shapes read from a header are those of the images as the job makes them."""

import numpy as np
import pytest

from advscape.data.shapes import npz_image_shape
from advscape.data.sources import load_source

SHAPES = [(5, 7), (5, 4, 6), (5, 8, 6, 3), (5, 3, 8, 6), (5, 6, 6, 1), (5, 1, 6, 6), (5, 3, 9, 9)]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_header_says_what_the_job_makes(shape, order, save, tmp_path):
    images = np.zeros(shape, order=order)
    save(tmp_path / "mine.npz", train_images=images, train_labels=np.arange(5))
    made = load_source("npz", "mine.npz", tmp_path, download=False).images.shape[1:]
    assert npz_image_shape(tmp_path / "mine.npz") == made


@pytest.mark.parametrize(
    "arrays",
    [
        {"train_jpeg": np.zeros(3)},
        {"train_images": np.zeros(3)},
        {"train_images": np.zeros((1, 2, 3, 4, 5))},
        {"train_images": np.zeros((5, 3, 8, 4))},
        {"train_images": np.array([object()])},
    ],
)
def test_what_is_not_said_is_none(arrays, tmp_path):
    np.savez(tmp_path / "mine.npz", **arrays)
    assert npz_image_shape(tmp_path / "mine.npz") is None
    (tmp_path / "half.npz").write_bytes((tmp_path / "mine.npz").read_bytes()[:60])
    assert npz_image_shape(tmp_path / "half.npz") is None
    assert npz_image_shape(tmp_path / "none.npz") is None


def test_arrays_that_are_not_read_are_named(tmp_path, caplog):
    arrays = {f"{split}_images": np.zeros((6, 4, 4), np.uint8) for split in ("train", "val")}
    arrays |= {f"{split}_labels": np.arange(6) % 2 for split in ("train", "val")}
    np.savez(tmp_path / "mine.npz", **arrays)
    load_source("npz", "mine.npz", tmp_path, download=False)
    assert "mine.npz: not read: val_images, val_labels" in caplog.text
