"""A damaged checkpoint: the state it held, the one before it, or none; never anything else."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from advscape.training.checkpoint import Checkpoint


def state(number):
    """Tensors of several kinds, and a record."""
    tensors = {
        "weights": torch.full((3, 4), float(number)),
        "count": torch.tensor(number),
        "random": torch.arange(16, dtype=torch.uint8) + number,
    }
    return tensors, {"epoch": number, "history": [0.1 * number] * 3, "best": None}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The files of two states, one after the other."""
    file = tmp_path_factory.mktemp("run") / "checkpoint.safetensors"
    checkpoint = Checkpoint(file, "key")
    for number in (1, 2):
        checkpoint.save(*state(number))
    return {path.name: path.read_bytes() for path in file.parent.iterdir()}


def same(found, number):
    tensors, record = state(number)
    return (
        found is not None
        and found[1] == record
        and found[0].keys() == tensors.keys()
        and all(torch.equal(found[0][name], value) for name, value in tensors.items())
    )


@settings(max_examples=100)
@given(data=st.data())
def test_damage_of_any_byte_leaves_a_whole_state_or_none(written, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    both = data.draw(st.booleans())
    for name, content in written.items():
        content = bytearray(content)
        if both or name == "checkpoint.safetensors":
            for _ in range(data.draw(st.integers(1, 3))):
                place = data.draw(st.integers(0, len(content) - 1))
                content[place] = data.draw(st.integers(0, 255))
            content = content[: data.draw(st.one_of(st.none(), st.integers(0, len(content))))]
        (folder / name).write_bytes(content)
    found = Checkpoint(folder / "checkpoint.safetensors", "key").load()
    assert same(found, 2) or same(found, 1) or (both and found is None)


def test_a_state_of_another_run_is_not_taken_up(written, tmp_path):
    for name, content in written.items():
        (tmp_path / name).write_bytes(content)
    assert same(Checkpoint(tmp_path / "checkpoint.safetensors", "key").load(), 2)
    assert Checkpoint(tmp_path / "checkpoint.safetensors", "other").load() is None


def test_a_damaged_name_of_the_runs_key_is_damage(written, tmp_path, caplog):
    for name, content in written.items():
        damaged = name == "checkpoint.safetensors"
        content = content.replace(b'\\"key\\":', b'\\"kex\\":') if damaged else content
        (tmp_path / name).write_bytes(content)
    assert same(Checkpoint(tmp_path / "checkpoint.safetensors", "key").load(), 1)
    assert "is damaged" in caplog.text
