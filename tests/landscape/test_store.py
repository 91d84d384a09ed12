"""What a killed job leaves, the next one takes up."""

import pytest

from advscape.landscape.store import PointStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / ".points.jsonl"


def test_results_are_there_for_the_next_job(path):
    first = PointStore(path, "key")
    result = {"frozen": {"loss": 0.1 + 0.2, "n": 3}}
    first.put(4, result)
    first.put(0, {})
    again = PointStore(path, "key")
    assert len(again) == 2
    assert again.get(4) == result  # the same float, not one near it
    assert again.get(0) == {}
    assert again.get(1) is None


def test_another_job_starts_anew(path):
    PointStore(path, "key").put(0, 1.0)
    assert len(PointStore(path, "other key")) == 0
    assert len(PointStore(path, "key")) == 0


@pytest.mark.parametrize("cut", range(1, len("[1, 2.5]\n") + 1))
def test_a_line_that_was_cut_short_is_measured_again(path, cut):
    store = PointStore(path, "key")
    store.put(0, 1.5)
    store.put(1, 2.5)
    path.write_bytes(path.read_bytes()[:-cut])
    again = PointStore(path, "key")
    assert again.get(0) == 1.5
    assert again.get(1) is None
    again.put(1, 2.5)
    assert path.read_text() == '"key"\n[0, 1.5]\n[1, 2.5]\n'
    assert PointStore(path, "key").get(1) == 2.5


@pytest.mark.parametrize("text", ["", "\n", "{", "5", '"key"', '"key"\n[1'])
def test_any_other_file_is_no_harm(path, text):
    path.parent.mkdir()
    path.write_text(text)
    store = PointStore(path, "key")
    assert len(store) == 0
    store.put(0, 1.0)
    assert PointStore(path, "key").get(0) == 1.0
