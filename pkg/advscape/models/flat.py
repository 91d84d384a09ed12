"""Parameters, or what is shaped as they are, as one vector."""

from collections.abc import Sequence

import torch
from torch import Tensor


def flattened(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors as one vector (dim,), detached."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


def pieces_of(vector: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """A vector (dim,) in pieces shaped as the parameters are, and in their precision.

    One that begins at an odd place, or is spread out, has memory of its own: torch takes no
    complex view of it, as networks do of weights.
    """
    parts = vector.split([p.numel() for p in parameters])
    pieces = [part.view_as(p).to(p.dtype) for part, p in zip(parts, parameters, strict=True)]
    return [
        piece
        if piece.is_contiguous() and piece.storage_offset() % 2 == 0
        else piece.clone(memory_format=torch.contiguous_format)
        for piece in pieces
    ]
