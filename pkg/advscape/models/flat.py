"""Parameters, or what is shaped as they are, as one vector."""

from collections.abc import Sequence

import torch
from torch import Tensor


def flattened(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors as one vector (dim,), detached."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


def pieces_of(vector: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """A vector (dim,) in pieces shaped as the parameters are, and in their precision.

    Each has memory of its own, as gradients have: of parts of a vector torch takes no complex view
    where they begin at an odd place.
    """
    parts = vector.split([p.numel() for p in parameters])
    return [
        part.view_as(p).to(p.dtype, copy=True, memory_format=torch.contiguous_format)
        for part, p in zip(parts, parameters, strict=True)
    ]
