"""Weights that are moved in place and given back bit for bit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def restored(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Within the block tensors may change in place; afterwards, also after an error, they are as
    before. What holds them sees every move, and no graph built before holds after one.

    Args:
        tensors: parameters, or what shares their memory; what is yielded are copies of them.
    """
    kept = [tensor.detach().clone() for tensor in tensors]
    try:
        yield kept
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, kept, strict=True):
                tensor.copy_(value)
