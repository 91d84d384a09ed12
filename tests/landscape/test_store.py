"""What a killed job leaves, the next one takes up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("cut", range(1, len("01234567 [1, 2.5]\n") + 1))
def test_a_line_that_was_cut_short_is_measured_again(path, cut):
    store = PointStore(path, "key")
    store.put(0, 1.5)
    store.put(1, 2.5)
    path.write_bytes(path.read_bytes()[:-cut])
    again = PointStore(path, "key")
    assert again.get(0) == 1.5
    assert again.get(1) is None
    again.put(1, 2.5)
    texts = [line.split(" ", 1)[1] for line in path.read_text().splitlines()]
    assert texts == ['"key"', "[0, 1.5]", "[1, 2.5]"]
    assert PointStore(path, "key").get(1) == 2.5


@pytest.mark.parametrize("text", ["", "\n", "{", "5", '"key"', '"key"\n[1'])
def test_any_other_file_is_no_harm(path, text):
    path.parent.mkdir()
    path.write_text(text)
    store = PointStore(path, "key")
    assert len(store) == 0
    store.put(0, 1.0)
    assert PointStore(path, "key").get(0) == 1.0


@given(data=st.data())
def test_damage_of_any_byte_leaves_true_results_or_none(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "points.jsonl"
    store = PointStore(path, "key")
    for point in range(4):
        store.put(point, {"none": {"loss": point + 0.5}})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.one_of(st.none(), st.integers(0, len(content))))])
    again = PointStore(path, "key")
    assert all(again.get(p) in (None, {"none": {"loss": p + 0.5}}) for p in range(4))
