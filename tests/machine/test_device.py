import fcntl
import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from advscape.errors import UserError
from advscape.machine.device import describe, set_arithmetic, set_up, tf32
from advscape.study.hardware import has_gpu


def test_threads_are_those_of_the_config():
    before = torch.get_num_threads()
    try:
        device = set_up("cpu", threads=1)
        assert torch.get_num_threads() == 1
        assert describe(device) == "cpu"
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_one_clear_line():
    with pytest.raises(UserError, match="torch finds no GPU here; use auto or cpu"):
        set_up("cuda", threads=1)


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
        device = set_up(name, threads=1)
    assert device == torch.device("cuda", 1)
    assert two_gpus == [device]


def test_the_cpu_takes_no_gpu(two_gpus, tmp_path):
    assert set_up("cpu", threads=1) == torch.device("cpu")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("visible", ["", "-1"])
def test_hidden_gpus_are_none(monkeypatch, visible):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter([Path("/dev/nvidia0")]))
    assert has_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert not has_gpu()


@pytest.fixture
def arithmetic():
    """Gives torch's globals back."""
    threads = torch.get_num_threads()
    yield
    set_arithmetic(threads, deterministic=False)


def legacy():
    """Older names of torch; reading them is an error where the newer ones say something else."""
    return (
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.allow_tf32,
        torch.get_float32_matmul_precision(),
    )


def newer():
    backends = torch.backends
    kinds = (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)
    return {kind.fp32_precision for kind in kinds}


def a_user_wants_speed(way):
    """What modules of users do when they are imported."""
    if way == "older":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    elif way == "medium":
        torch.set_float32_matmul_precision("medium")
    elif way == "newer":
        torch.backends.cuda.matmul.fp32_precision = "tf32"
        torch.backends.cudnn.conv.fp32_precision = "tf32"
    elif way == "all":
        torch.backends.fp32_precision = "tf32"
    torch.backends.cudnn.benchmark = True
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("way", ["none", "older", "medium", "newer", "all"])
def test_float32_is_float32_whatever_a_users_module_set(arithmetic, way):
    try:
        a_user_wants_speed(way)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            set_arithmetic(1, deterministic=True)
            assert newer() == {"ieee"}
            assert legacy() == (False, False, "highest")
            with tf32():
                assert newer() == {"tf32"}
                assert legacy()[:2] == (True, True)
            assert newer() == {"ieee"}
            assert legacy() == (False, False, "highest")
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
        set_arithmetic(1, deterministic=False)
        assert not torch.are_deterministic_algorithms_enabled()
    finally:
        torch.backends.fp32_precision = "none"


def test_an_error_within_tf32_ends_it(arithmetic):
    with pytest.raises(ZeroDivisionError), tf32():
        raise ZeroDivisionError
    assert newer() == {"ieee"}
