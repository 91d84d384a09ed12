"""The device, the threads and the memory of a job."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import torch

from advscape.errors import UserError
from advscape.machine.device_lock import take_device
from advscape.machine.host_memory import keep_freed_memory


def set_up(
    device: Literal["auto", "cpu", "cuda"],
    threads: int,
    deterministic: bool = True,
    jobs_per_device: int = 1,
) -> torch.device:
    """Make torch repeatable and quick here, and choose the device; a GPU is this process's until
    it ends.

    Args:
        device: auto takes a GPU where there is one, else the CPU.
        threads: of torch on the CPU.
        deterministic: only kernels that give the same result every time.
        jobs_per_device: how many jobs may share a GPU.

    Returns:
        The device.

    Raises:
        UserError: ``device`` is cuda and torch finds no GPU.
    """
    set_arithmetic(threads, deterministic)
    keep_freed_memory()
    if device == "cpu":
        return torch.device("cpu")
    # what CUDA_VISIBLE_DEVICES allows, on a cluster what the job was given
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        if device == "cuda":
            raise UserError(
                "compute.device: got 'cuda', but torch finds no GPU here; use auto or cpu"
            )
        return torch.device("cpu")
    # not the index, which depends on what is visible
    names = [f"gpu-{torch.cuda.get_device_properties(i).uuid}" for i in range(count)]
    taken = torch.device("cuda", _taken(tuple(names), jobs_per_device))
    torch.cuda.set_device(taken)
    return taken


def set_arithmetic(threads: int, deterministic: bool) -> None:
    """Set torch's globals on which numbers depend; a user's module may change them on import.

    Float32 is float32 in products and convolutions: a GPU's TF32 has ten bits of mantissa, and is
    torch's default in convolutions.

    Args:
        threads: of torch on the CPU.
        deterministic: only kernels that give the same result every time.
    """
    # cuBLAS reads this when it starts, and is not repeatable without it
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # use_deterministic_algorithms does these two things, and imports the compiler for the second:
    # one second of every job
    torch.set_deterministic_debug_mode("error" if deterministic else "default")
    os.environ["TORCHINDUCTOR_DETERMINISTIC"] = str(int(deterministic))
    torch.backends.cudnn.benchmark = False  # which would choose algorithms by the clock
    torch.set_num_threads(threads)
    _allow_tf32(False)


@contextmanager
def tf32() -> Iterator[None]:
    """Within the block products and convolutions of float32 may be TF32 on a GPU."""
    _allow_tf32(True)
    try:
        yield
    finally:
        _allow_tf32(False)


@contextmanager
def full_float32() -> Iterator[None]:
    """Within the block float32 is float32, as in every job; afterwards what it was before."""
    backends: Any = torch.backends
    kinds = _kinds(backends)
    kept = [kind.fp32_precision for kind in kinds]
    matmul = torch.get_float32_matmul_precision()
    _allow_tf32(False)
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.set_float32_matmul_precision(matmul)
            backends.cuda.matmul.allow_tf32 = kept[0] == "tf32"
            backends.cudnn.allow_tf32 = kept[1] == "tf32"
            for kind, precision in zip(kinds, kept, strict=True):
                kind.fp32_precision = precision


def _kinds(backends: Any) -> list[Any]:
    """What has a precision of float32 of its own: on a GPU, then on a CPU."""
    cuda = [backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn]
    return [*cuda, backends.mkldnn.matmul, backends.mkldnn.conv, backends.mkldnn.rnn]


def _allow_tf32(allowed: bool) -> None:
    backends: Any = torch.backends  # its stubs lack what torch 2.9 added
    # torch has two sets of names, and complains where they disagree: the older ones first, which
    # set the newer ones too where those were not set on their own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        backends.cuda.matmul.allow_tf32 = allowed
        backends.cudnn.allow_tf32 = allowed
        if not allowed:
            torch.set_float32_matmul_precision("highest")
        precision = "tf32" if allowed else "ieee"
        kinds = _kinds(backends)
        for kind in kinds[:3]:
            kind.fp32_precision = precision
        for kind in kinds[3:]:
            kind.fp32_precision = "ieee"


@cache
def _taken(names: tuple[str, ...], jobs_per_device: int) -> int:
    """The process's device: taken once, however many runs share the job."""
    return take_device(names, jobs_per_device)


def describe(device: torch.device) -> str:
    """The device in words, for tables."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
