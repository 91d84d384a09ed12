"""A damaged file of weights is named in one line; nothing else can happen."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advscape.errors import UserError
from advscape.models.state import load_weights, read_tensors, save_weights
from tests.networks import small_net
from tests.refusals import refusal


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_weights(small_net().state_dict(), path)
    return path.read_bytes()


@given(st.data())
def test_any_damage_is_a_line_or_no_damage(content, tmp_path_factory, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        # the header, where damage is not only another number
        damaged[data.draw(st.integers(0, min(len(content), 900) - 1))] = data.draw(
            st.integers(0, 255)
        )
    end = data.draw(st.one_of(st.none(), st.integers(0, len(content))))
    path = tmp_path_factory.mktemp("damaged") / "w.safetensors"
    path.write_bytes(bytes(damaged[:end]))
    line = refusal(lambda: load_weights(small_net(), path))
    assert line is None or str(path) in line


def test_another_networks_weights_are_named(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights({"other": torch.ones(2)}, path)
    with pytest.raises(UserError, match=r"w\.safetensors does not hold this network's weights"):
        load_weights(small_net(), path)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"\x80\x04pickle"])
def test_what_is_no_safetensors_file_is_named(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as safetensors"):
        read_tensors(path)
    with pytest.raises(UserError, match="cannot be read as safetensors"):
        read_tensors(tmp_path / "missing.safetensors")
