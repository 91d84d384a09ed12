"""The digest says whether data are the same, and reads a file again only where it must."""

import os

import pytest

from advscape.data.catalogue import DATASETS
from advscape.data.digest import check_content, content_digest
from advscape.errors import UserError


def digest(root, cache=None, path="a.npz"):
    return content_digest("npz", path, root, cache)


def test_content_decides_not_names_and_dates(tmp_path):
    for name, content in (("a.npz", b"one"), ("b.npz", b"one"), ("c.npz", b"two")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.npz").write_bytes(b"one")
    os.utime(tmp_path / "b.npz", (1, 1))
    same = {digest(tmp_path), digest(tmp_path, path="b.npz"), digest(tmp_path / "other")}
    assert len(same) == 1
    assert digest(tmp_path, path="c.npz") not in same


def test_a_file_of_the_same_size_and_date_is_another(tmp_path):
    cache, file = tmp_path / "cache.json", tmp_path / "a.npz"
    file.write_bytes(b"one")
    os.utime(file, (5, 5))
    before = digest(tmp_path, cache)
    file.write_bytes(b"two")
    os.utime(file, (5, 5))
    assert digest(tmp_path, cache) != before


def test_an_unchanged_file_is_not_read_again(tmp_path, monkeypatch):
    cache = tmp_path / "cache.json"
    (tmp_path / "a.npz").write_bytes(b"one")
    before = digest(tmp_path, cache)
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("read again"))
    assert digest(tmp_path, cache) == before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}', "\x00"])
def test_a_damaged_cache_is_no_cache(tmp_path, content):
    cache = tmp_path / "cache.json"
    (tmp_path / "a.npz").write_bytes(b"one")
    cache.write_text(content)
    assert digest(tmp_path, cache) == digest(tmp_path)


def test_where_no_cache_can_be_kept_the_file_is_read(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"one")
    assert digest(tmp_path, tmp_path / "missing/cache.json") == digest(tmp_path)


def test_a_published_file_is_known_before_it_is_downloaded(real_data, tmp_path):
    assert content_digest("mnist", None, tmp_path, None) == content_digest(
        "mnist", None, real_data, None
    )


def test_digits_need_no_files(tmp_path):
    assert content_digest("digits", None, tmp_path, None) == ""


def test_published_digests_are_torchvisions():
    from torchvision import datasets

    lists = datasets.CIFAR10.train_list + datasets.CIFAR10.test_list
    assert set(DATASETS["cifar10"].files.values()) == {md5 for _, md5 in lists}
    lists = datasets.CIFAR100.train_list + datasets.CIFAR100.test_list
    assert set(DATASETS["cifar100"].files.values()) == {md5 for _, md5 in lists}
    assert set(DATASETS["mnist"].files.values()) == {md5 for _, md5 in datasets.MNIST.resources}
    parts = [datasets.SVHN.split_list[name] for name in ("train", "test")]
    assert set(DATASETS["svhn"].files.values()) == {part[2] for part in parts}


def test_a_change_after_planning_is_said(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"one")
    planned = digest(tmp_path)
    check_content(planned, "npz", "a.npz", tmp_path)
    (tmp_path / "a.npz").write_bytes(b"two")
    with pytest.raises(UserError, match="have changed since the study was planned"):
        check_content(planned, "npz", "a.npz", tmp_path)
