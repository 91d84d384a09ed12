"""Parquet files in the layout of public hubs; the referee is what was written into them."""

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet as pq

from advscape.data.sources import load_source
from advscape.data.split import split
from advscape.errors import UserError


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (30, 12, 10, 3), dtype=np.uint8)


LABELS = np.arange(30) % 4


def write(file, images, labels, names=None, plain=False, image="image", label="label"):
    file.parent.mkdir(parents=True, exist_ok=True)
    cells = [png(one) for one in images]
    if not plain:
        cells = [{"bytes": cell, "path": f"{i}.png"} for i, cell in enumerate(cells)]
    table = pa.table({image: cells, label: labels.tolist()})
    if names:
        features = {label: {"names": names, "_type": "ClassLabel"}}
        described = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": described})
    pq.write_table(table, file, row_group_size=7)


def load(root, **options):
    return load_source("parquet", "hub", root, download=False, options=options)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("folder", ["hub", "hub/data"])
def test_pixels_and_labels_are_those_written(tmp_path, images, plain, folder):
    for i, rows in enumerate((slice(0, 12), slice(12, 20))):
        file = tmp_path / folder / f"train-0000{i}-of-00002.parquet"
        write(file, images[rows], LABELS[rows], plain=plain)
    write(tmp_path / folder / "validation-0.parquet", images[20:], LABELS[20:], plain=plain)
    found = load(tmp_path)
    assert found.labels.tolist() == LABELS.tolist()
    assert found.official_test.tolist() == [False] * 20 + [True] * 10
    assert np.array_equal(found.images.decoded(), np.moveaxis(images, -1, 1))
    chosen = np.array([29, 3, 19, 4, 12, 0])  # in any order
    assert np.array_equal(found.images[chosen].decoded(), np.moveaxis(images[chosen], -1, 1))


def test_names_of_classes_say_how_many_there_are(tmp_path, images):
    names = ["a", "b", "c", "d", "e"]
    write(tmp_path / "hub/train.parquet", images, LABELS, names)
    drawn = split(load(tmp_path), None, 0.5, seed=0)
    assert drawn.classes == 5


def test_a_third_split_is_not_read_which_is_said(tmp_path, images, caplog):
    for i, split_name in enumerate(("train", "validation", "test")):
        rows = slice(10 * i, 10 * i + 10)
        write(tmp_path / f"hub/{split_name}-0.parquet", images[rows], LABELS[rows])
    assert load(tmp_path).labels.tolist() == [*LABELS[:10], *LABELS[20:]]
    assert "hub: not read: validation-0.parquet" in caplog.text


def test_columns_of_other_names(tmp_path, images):
    write(tmp_path / "hub/train.parquet", images, LABELS, image="img", label="fine_label")
    found = load(tmp_path, image_key="img", label_key="fine_label", crop=8)
    assert found.images.decoded().shape == (30, 3, 8, 8)
    with pytest.raises(UserError, match="has no column 'label'; it has img, fine_label"):
        load(tmp_path)


def test_damaged_files_are_one_line(tmp_path, images):
    file = tmp_path / "hub/train.parquet"
    write(file, images, LABELS)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"train.parquet cannot be read") as error:
        load(tmp_path)
    assert "\n" not in str(error.value)
    write(file, images, LABELS - 1)
    with pytest.raises(UserError, match="label: got labels from -1 to 2; allowed: integers from 0"):
        load(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("train_test/train-0.parquet", "train_test/test-0.parquet"),
        ("train/train-0.parquet", "train/validation-0.parquet"),
        ("test_images/train/0.parquet", "test_images/test/0.parquet"),
        ("Train-0.parquet", "TEST-0.parquet"),
        ("train.parquet/part-0.PARQUET", "test.parquet/part-0.parquet"),
    ],
)
def test_a_file_is_of_one_split(tmp_path, images, names):
    """Its own name says which, or else the nearest folder around it."""
    for rows, name in zip((slice(0, 20), slice(20, 30)), names, strict=True):
        write(tmp_path / "hub" / name, images[rows], LABELS[rows])
    found = load(tmp_path)
    assert found.official_test.tolist() == [False] * 20 + [True] * 10
    assert found.labels.tolist() == LABELS.tolist()


def test_hidden_files_are_none_of_the_data(tmp_path, images):
    write(tmp_path / "hub/train-0.parquet", images, LABELS)
    write(tmp_path / "hub/.cache/train-0.parquet", images, LABELS)
    (tmp_path / "hub/._train-0.parquet").write_bytes(b"of another system")
    assert len(load(tmp_path).labels) == 30


BAD_LABELS = {
    "some empty": ([0, None, 1], "label: 1 of 3 are empty; allowed: an integer from 0 in each row"),
    "texts": (["a", "b", "a"], "label: got object; allowed: integers from 0"),
    "of 64 bits": (pa.array([2**63, 1, 0], pa.uint64()), "of at most 63 bits"),
}


@pytest.mark.parametrize(("labels", "words"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_labels_that_will_not_do(tmp_path, images, labels, words):
    (tmp_path / "hub").mkdir()
    cells = [png(one) for one in images[:3]]
    pq.write_table(pa.table({"image": cells, "label": labels}), tmp_path / "hub/train.parquet")
    with pytest.raises(UserError, match=words):
        load(tmp_path)


def test_labels_without_a_name_are_not_left_out(tmp_path, images):
    write(tmp_path / "hub/train.parquet", images, LABELS, ["a", "b", "c"])
    with pytest.raises(UserError, match=r"label goes up to 3; allowed: 0 to 2, since .* 3 classes"):
        load(tmp_path)


def test_a_label_means_the_same_in_every_file(tmp_path, images):
    write(tmp_path / "hub/train.parquet", images, LABELS, list("abcd"))
    write(tmp_path / "hub/test.parquet", images, LABELS, list("abdc"))
    with pytest.raises(UserError, match="names its classes a, b, d, c, files before it a, b, c, d"):
        load(tmp_path)


def test_a_column_that_stands_twice(tmp_path, images):
    write(tmp_path / "hub/train.parquet", images, LABELS)
    table = pq.read_table(tmp_path / "hub/train.parquet")
    pq.write_table(table.append_column("label", [LABELS]), tmp_path / "hub/train.parquet")
    with pytest.raises(UserError, match="has 2 columns 'label'; it has image, label, label"):
        load(tmp_path)
