import fcntl
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from advscape.device import describe, set_up
from advscape.errors import UserError
from advscape.study.hardware import has_gpu


def test_threads_are_those_of_the_config():
    before = torch.get_num_threads()
    try:
        device = set_up({"device": "cpu", "threads": 1})
        assert torch.get_num_threads() == 1
        assert describe(device) == "cpu"
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_one_clear_line():
    with pytest.raises(UserError, match="torch finds no GPU here; use auto or cpu"):
        set_up({"device": "cuda", "threads": 1})


@pytest.fixture
def two_gpus(monkeypatch, tmp_path):
    """As if torch found two GPUs; no computation runs on them."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    properties = [SimpleNamespace(uuid="one"), SimpleNamespace(uuid="two")]
    monkeypatch.setattr(torch.cuda, "get_device_properties", properties.__getitem__)
    used = []
    monkeypatch.setattr(torch.cuda, "set_device", used.append)
    before = torch.get_num_threads()
    yield used
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("name", ["auto", "cuda"])
def test_a_gpu_is_taken_by_its_uuid(two_gpus, tmp_path, name):
    folder = tmp_path / f"advscape-{os.getuid()}"
    folder.mkdir()
    with open(folder / "gpu-one", "w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        device = set_up({"device": name, "threads": 1})
    assert device == torch.device("cuda", 1)
    assert two_gpus == [device]


def test_the_cpu_takes_no_gpu(two_gpus, tmp_path):
    assert set_up({"device": "cpu", "threads": 1}) == torch.device("cpu")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("visible", ["", "-1"])
def test_hidden_gpus_are_none(monkeypatch, visible):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter([Path("/dev/nvidia0")]))
    assert has_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert not has_gpu()
