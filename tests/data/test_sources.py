import gzip
import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from advscape.data.prepared import Prepared
from advscape.data.sources import load_source
from advscape.errors import UserError


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "mine.npz", **arrays)
    return load_source("npz", "mine.npz", tmp_path, download=False)


def test_digits_are_scikit_learns(tmp_path):
    data = load_source("digits", None, tmp_path, download=False)
    expected = load_digits()
    assert np.array_equal(data.images[:, 0] / data.scale, expected.images / 16)
    assert np.array_equal(data.labels, expected.target)
    assert not data.official_test.any()


def test_saved_and_loaded_are_the_same(tmp_path):
    data = load_source("digits", None, tmp_path, download=False)
    data.save(tmp_path / "digits.npz")
    back = Prepared.load(tmp_path / "digits.npz")
    for name in ("images", "labels", "official_test", "scale"):
        assert np.array_equal(getattr(back, name), getattr(data, name))


def test_npz_of_colour_images(tmp_path):
    rng = np.random.default_rng(0)
    train = rng.integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)
    test = rng.integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    data = npz(
        tmp_path, train_images=train, train_labels=np.arange(5),
        test_images=test, test_labels=np.arange(3),
    )  # fmt: skip
    assert data.images.shape == (8, 3, 4, 4)
    assert np.array_equal(data.images[6], np.moveaxis(test[1], -1, 0))
    assert data.official_test.tolist() == [False] * 5 + [True] * 3
    assert data.scale == 255


def test_npz_of_flat_floats_without_a_test_set(tmp_path):
    x = np.linspace(0, 1, 12).reshape(4, 3)
    data = npz(tmp_path, train_images=x, train_labels=np.array([0, 1, 0, 1]))
    assert data.images.shape == (4, 1, 1, 3)
    assert np.allclose(data.images.reshape(4, 3), x)


def test_npz_of_jpeg_files(tmp_path):
    pictures = [np.full((8, 8, 3), level, np.uint8) for level in (0, 100, 200)]
    files = []
    for picture in pictures:
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "jpeg")
        files.append(np.frombuffer(stream.getvalue(), np.uint8))
    offsets = np.cumsum([0, *map(len, files)])
    data = npz(
        tmp_path, train_jpeg=np.concatenate(files), train_offsets=offsets,
        train_labels=np.arange(3),
    )  # fmt: skip
    assert np.allclose(data.images.mean((1, 2, 3)), [0, 100, 200], atol=1)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((2, 2))}, "has no train_images; it has images"),
        ({"train_images": np.zeros((2, 2))}, "has no train_labels"),
        (
            {"train_images": np.zeros((2, 2)), "train_labels": np.zeros(3, int)},
            "got 3 labels for 2 images",
        ),
        (
            {"train_images": np.full((2, 2), 7.0), "train_labels": np.arange(2)},
            r"allowed: \[0, 1\]",
        ),
        (
            {"train_images": np.full((2, 2), np.nan), "train_labels": np.arange(2)},
            "4 pixels are not finite",
        ),
        ({"train_images": np.zeros((2, 2)), "train_labels": np.array([0, -1])}, "integers from 0"),
        ({"train_images": np.zeros((2, 2)), "train_labels": np.array(["a", "b"])}, "got <U1"),
        ({"train_images": np.zeros((2, 2)), "train_labels": np.zeros((2, 1), int)}, "one axis"),
    ],
)
def test_npz_that_will_not_do(tmp_path, arrays, message):
    with pytest.raises(UserError, match=message):
        npz(tmp_path, **arrays)


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "mine.npz", train_images=np.array([{}], object), train_labels=np.arange(1))
    with pytest.raises(UserError, match=r"cannot be read: .*allow_pickle=False"):
        load_source("npz", "mine.npz", tmp_path, download=False)


def test_a_file_that_is_no_npz(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"PK\x03\x04 but no more")
    with pytest.raises(UserError, match="cannot be read"):
        load_source("npz", "mine.npz", tmp_path, download=False)


def test_missing_files_and_no_download(tmp_path):
    with pytest.raises(UserError, match="does not hold MNIST/raw/train-images"):
        load_source("mnist", None, tmp_path, download=False)


def test_offline_download_says_what_to_do(tmp_path, monkeypatch):
    from torchvision import datasets

    def offline(*_, **__):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(datasets, "CIFAR10", offline)
    with pytest.raises(UserError, match=r"cannot be downloaded .*Network is unreachable.*ADVSCAPE"):
        load_source("cifar10", None, tmp_path, download=True)


def test_mnist_gz_files_are_read_in_place(tmp_path):
    folder = tmp_path / "MNIST/raw"
    folder.mkdir(parents=True)
    for prefix, n in (("train", 3), ("t10k", 2)):
        images = np.arange(n * 4, dtype=np.uint8).reshape(n, 2, 2)
        for kind, array in (("images-idx3", images), ("labels-idx1", np.arange(n, dtype=np.uint8))):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            with gzip.open(folder / f"{prefix}-{kind}-ubyte.gz", "wb") as file:
                file.write(head + array.tobytes())
    data = load_source("mnist", None, tmp_path, download=False)
    assert data.images[1].tolist() == [[[4, 5], [6, 7]]]
    assert data.labels.tolist() == [0, 1, 2, 0, 1]
    assert data.official_test.tolist() == [False] * 3 + [True] * 2
    assert {file.suffix for file in folder.iterdir()} == {".gz"}


def test_real_mnist_is_what_torchvision_reads(real_data, tmp_path):
    import shutil

    from torchvision.datasets import MNIST

    data = load_source("mnist", None, real_data, download=False)
    shutil.copytree(real_data / "MNIST", tmp_path / "MNIST")
    for train in (True, False):
        theirs = MNIST(tmp_path, train=train, download=True)
        ours = data.official_test != train
        assert np.array_equal(data.images[ours, 0], theirs.data.numpy())
        assert np.array_equal(data.labels[ours], theirs.targets.numpy())


def test_real_cifar10_subset_through_npz(real_data):
    path = "cifar10_jpeg/cifar10_lossless_subset.npz"
    data = load_source("npz", path, real_data, download=False)
    assert data.images.shape == (8068 + 1017, 3, 32, 32)
    assert data.official_test.sum() == 1017


def test_real_cifar10_subset_has_the_images_that_its_study_names(real_data):
    with np.load(real_data / "cifar10_jpeg/cifar10_lossless_subset.npz") as arrays:
        further = [np.arange(start, start + 1017) for start in range(10000, 50000, 10000)]
        assert np.array_equal(arrays["train_index"], np.concatenate([np.arange(4000), *further]))
        assert np.array_equal(arrays["test_index"], np.arange(1017))


def test_real_cifar10_jpeg_through_npz(real_data):
    data = load_source("npz", "cifar10_jpeg/cifar10_jpeg.npz", real_data, download=False)
    assert data.images.shape == (60000, 3, 32, 32)
    with np.load(real_data / "cifar10_jpeg/cifar10_lossless_subset.npz") as exact:
        error = data.images[exact["train_index"]].astype(int) - np.moveaxis(
            exact["train_images"].astype(int), -1, 1
        )
    assert 5 < np.abs(error).mean() < 6.5  # the data's README says 5.8
