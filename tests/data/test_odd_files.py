"""Odd and damaged files: a dataset, or one line with the file's name; never anything else."""

import gzip
import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from advscape.data.sources import load_source
from advscape.data.split import split
from tests.refusals import refusal

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 4, 4), dtype=np.uint8)
LABELS = np.arange(12) % 3


def read(folder, name="npz", path="mine.npz"):
    """Read a dataset and use it as every later stage does."""
    data = load_source(name, path, folder, download=False)
    pixels = data.images / data.scale
    assert data.images.ndim == 4
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert data.labels.dtype == np.int64
    assert len(data.labels) == len(data.images) == len(data.official_test)
    drawn = split(data, None, 0.25, 0)
    assert len(drawn.train.x) == len(drawn.train.y) > 0
    assert np.isfinite(drawn.train.x).all()


def stays_in_line(folder, file, name="npz", path="mine.npz"):
    line = refusal(lambda: read(folder, name, path))
    assert line is None or str(file) in line or line.startswith("dataset: class ")
    return line


def saved(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def jpegs(count=3):
    files = []
    for i in range(count):
        stream = io.BytesIO()
        Image.fromarray(np.full((8, 8, 3), 20 * i, np.uint8)).save(stream, "jpeg")
        files.append(np.frombuffer(stream.getvalue(), np.uint8))
    return np.concatenate(files), np.cumsum([0, *map(len, files)])


WHOLE = {
    "images": saved(train_images=IMAGES, train_labels=LABELS),
    "jpeg": saved(train_jpeg=jpegs(9)[0], train_offsets=jpegs(9)[1], train_labels=np.arange(9) % 3),
}


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=150)
@given(data=st.data())
def test_damage_of_any_byte(kind, tmp_path_factory, data):
    content = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.none(), st.integers(0, len(content))))
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "mine.npz").write_bytes(bytes(content[:end]))
    stays_in_line(folder, folder / "mine.npz")


ARRAYS = hnp.arrays(
    st.one_of(hnp.scalar_dtypes(), hnp.unicode_string_dtypes()),
    hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6),
)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["train_images", "train_labels", "test_images", "test_labels", "other",
                         "train_jpeg", "train_offsets"]),
        st.one_of(ARRAYS, st.just(IMAGES), st.just(LABELS), st.just(jpegs()[0]),
                  st.just(jpegs()[1]), st.just(IMAGES / 255), st.just(LABELS * 10**12)),
    )
)  # fmt: skip
def test_arrays_of_any_kind(tmp_path_factory, arrays):
    folder = tmp_path_factory.mktemp("odd")
    (folder / "mine.npz").write_bytes(saved(**arrays))
    stays_in_line(folder, folder / "mine.npz")


NO_NPZ = {
    "nothing": b"",
    "html": b"<!DOCTYPE html><title>404</title>",
    "an array": None,
    "half": WHOLE["images"][: len(WHOLE["images"]) // 2],
    "a zip of something else": None,
}


@pytest.mark.parametrize("kind", NO_NPZ)
def test_what_is_no_npz_is_named(kind, tmp_path):
    file = tmp_path / "mine.npz"
    if kind == "an array":
        with open(file, "wb") as stream:
            np.save(stream, IMAGES)
    elif kind == "a zip of something else":
        import zipfile

        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("readme.txt", "hello")
    else:
        file.write_bytes(NO_NPZ[kind])
    assert stays_in_line(tmp_path, file) is not None


def test_a_folder_in_place_of_the_file(tmp_path):
    (tmp_path / "mine.npz").mkdir()
    assert "does not exist, or is no file" in stays_in_line(tmp_path, tmp_path / "mine.npz")


@pytest.mark.parametrize(
    ("offsets", "words"),
    [
        ([0, 10**9], "do not lie within"), ([-5, 10], "do not lie within"),
        ([0.0, 1.0], "do not lie within"), ([0], "do not lie within"),
        ([0, 50, 20], "image 0 cannot be read"), ([0, 0], "image 0 cannot be read"),
    ],
)  # fmt: skip
def test_offsets_that_will_not_do(tmp_path, offsets, words):
    content, _ = jpegs()
    np.savez(
        tmp_path / "mine.npz", train_jpeg=content, train_offsets=np.array(offsets),
        train_labels=np.arange(len(offsets) - 1),
    )  # fmt: skip
    assert words in stays_in_line(tmp_path, tmp_path / "mine.npz")


def mnist(folder, **damaged):
    raw = folder / "MNIST/raw"
    raw.mkdir(parents=True)
    for part, n in (("train", 12), ("t10k", 6)):
        images = struct.pack(">4i", 2051, n, 4, 4) + IMAGES[:n].tobytes()
        labels = struct.pack(">2i", 2049, n) + LABELS[:n].astype(np.uint8).tobytes()
        (raw / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (raw / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    return raw / "train-images-idx3-ubyte.gz"


DAMAGE = {
    "html": (lambda c: b"<!DOCTYPE html>", "is damaged: BadGzipFile"),
    "half": (lambda c: c[: len(c) // 2], "is damaged: EOFError"),
    "another magic": (lambda c: gzip.compress(b"\x00\x00\x0d" + gzip.decompress(c)[3:]), "not an"),
    "fewer values": (lambda c: gzip.compress(gzip.decompress(c)[:-1]), "holds 191 values and says"),
    "a header alone": (lambda c: gzip.compress(b"\x00\x00\x08\x03"), "holds 0 values and says"),
    "other count": (
        lambda c: gzip.compress(struct.pack(">4i", 2051, 6, 4, 8) + gzip.decompress(c)[16:]),
        "train-labels-idx1-ubyte.gz has 12 labels for 6 images",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_of_mnist_is_named(tmp_path, change, words):
    file = mnist(tmp_path)
    file.write_bytes(change(file.read_bytes()))
    line = refusal(lambda: read(tmp_path, "mnist", None))
    assert words in line
    assert str(file.parent) in line


@settings(max_examples=100)
@given(data=st.data())
def test_any_damage_of_mnist(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("mnist")
    file = mnist(folder)
    content = bytearray(gzip.decompress(file.read_bytes()))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, 19))] = data.draw(st.integers(0, 255))
    file.write_bytes(gzip.compress(bytes(content)))
    stays_in_line(folder, file.parent, "mnist", None)


def test_torchvisions_line_for_a_damaged_batch(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        (folder / name).write_bytes(b"\x80\x04never unpickled")
    line = refusal(lambda: read(tmp_path, "cifar10", None))
    assert line.startswith(
        f"dataset cifar10: in {tmp_path}: RuntimeError: Dataset not found or cor"
    )
