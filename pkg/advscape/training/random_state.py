"""The global random states, which a model with dropout draws from."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block Python, numpy and torch draw from ``seed``; afterwards as before."""
    before = random_states()
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)
    try:
        yield
    finally:
        restore(before)


def random_states() -> dict[str, Tensor]:
    """All global random states as tensors: Python, numpy, torch, and the GPU in use."""
    # a tuple, which type checkers do not know
    state: Any = np.random.get_state(legacy=True)  # noqa: NPY002
    kind, keys, position, has_gauss, gauss = state
    states = {
        "python": _as_bytes(random.getstate()),
        "numpy": _as_bytes([kind, keys.tolist(), position, has_gauss, gauss]),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        # not by its index: a job that goes on may be given another device
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore(states: dict[str, Tensor]) -> None:
    """Take up what :func:`random_states` gave."""
    version, internal, gauss = _from_bytes(states["python"])
    random.setstate((version, tuple(internal), gauss))
    kind, keys, position, has_gauss, gauss = _from_bytes(states["numpy"])
    numpy_state = (kind, np.array(keys, np.uint32), position, has_gauss, gauss)
    np.random.set_state(numpy_state)  # noqa: NPY002
    torch.set_rng_state(states["torch"])
    if torch.cuda.is_available() and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"])


def _as_bytes(state: object) -> Tensor:
    return torch.frombuffer(bytearray(json.dumps(state).encode()), dtype=torch.uint8)


def _from_bytes(state: Tensor) -> list[Any]:
    values: list[Any] = json.loads(bytes(state.tolist()))
    return values
