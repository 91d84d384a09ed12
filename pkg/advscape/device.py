"""The device and the threads of a job."""

import os
from typing import Any

import torch

from advscape.errors import UserError


def set_up(compute: dict[str, Any]) -> torch.device:
    """Make torch repeatable and choose the device.

    Args:
        compute: the config's compute section.

    Returns:
        The device: a GPU where ``device`` is auto and there is one.

    Raises:
        UserError: ``device`` is cuda and torch finds no GPU.
    """
    # cuBLAS reads this when it starts, and is not repeatable without it
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(compute["threads"])
    name = compute["device"]
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("compute.device: got 'cuda', but torch finds no GPU here; use auto or cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def describe(device: torch.device) -> str:
    """The device in words, for tables."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
