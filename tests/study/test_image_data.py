"""Folders of images and Parquet files, as a config names them: one line before any job."""

import copy

import pyarrow as pa
import pytest
import yaml
from PIL import Image
from pyarrow import parquet as pq

from advscape.errors import ConfigError
from advscape.study.load import load_study
from tests.conftest import ROOT

CONFIG = yaml.safe_load((ROOT / "studies/smoke.yaml").read_text())


def study(tmp_path, **dataset):
    raw = copy.deepcopy(CONFIG)
    raw["data_root"] = str(tmp_path)
    raw["experiments"] = [raw["experiments"][1]]
    raw["experiments"][0]["dataset"] = dataset
    return load_study(raw)


@pytest.fixture
def zoo(tmp_path):
    for name in ("train/a", "train/b", "val/a"):
        folder = tmp_path / "zoo" / name
        folder.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(folder / "0.png")
    return tmp_path


def test_a_folder(zoo):
    found = study(zoo, name="folder", path="zoo", resize=8, crop=8).experiments[0].dataset
    other = study(zoo, name="folder", path="zoo", crop=8).experiments[0].dataset
    assert found.id.startswith("folder-zoo-")
    assert found.id != other.id


BAD = {
    "no folder": ({"path": "x"}, "dataset.path: got 'x'; allowed: a folder in /"),
    "a file": ({"path": "zoo/train/a/0.png"}, "0.png is no folder"),
    "no splits": ({"path": "zoo/train"}, "has no folder train, test, val, validation"),
    "no classes": ({"path": "zoo/flat"}, "has no folder for a class in its splits"),
    "no images": ({"path": "zoo/empty"}, "has no .jpg, .jpeg or .png in its classes"),
    "one class": ({"path": "zoo/one"}, "zoo/one has the class a alone"),
    "a class that is not named": (
        {"path": "zoo", "class_names": ["a"]}, "has the class b, which class_names lacks",
    ),
    "a name twice": ({"path": "zoo", "class_names": ["a", "a", "b"]}, "values without repeats"),
    "no test set": ({"path": "zoo/val_alone"}, "test_fraction: got nothing; allowed: a number"),
    "a key of another kind": ({"path": "zoo", "image_key": "x"}, "nothing, except for parquet"),
    "no path": ({}, "dataset.path: got nothing; allowed: the folder's path"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_folders_are_one_line(zoo, what):
    (zoo / "zoo/flat/train").mkdir(parents=True)
    for name in "ab":
        (zoo / "zoo/empty/train" / name).mkdir(parents=True)
        (zoo / "zoo/val_alone/val" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(zoo / f"zoo/val_alone/val/{name}/0.png")
    (zoo / "zoo/one/val/a").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(zoo / "zoo/one/val/a/0.png")
    dataset, words = BAD[what]
    with pytest.raises(ConfigError) as error:
        study(zoo, name="folder", **dataset)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_keys_of_folders_are_not_for_arrays(zoo):
    with pytest.raises(ConfigError, match=r"dataset.crop: got 8; allowed: nothing, except for fol"):
        study(zoo, name="digits", crop=8, test_fraction=0.5)


def test_a_column_that_parquet_files_lack(tmp_path):
    (tmp_path / "hub").mkdir()
    pq.write_table(pa.table({"img": [b""], "label": [0]}), tmp_path / "hub/train.parquet")
    with pytest.raises(ConfigError, match=r"path: got 'hub'; .* no column 'image'; it has img"):
        study(tmp_path, name="parquet", path="hub", test_fraction=0.5)
    study(tmp_path, name="parquet", path="hub", image_key="img", test_fraction=0.5)
