"""Parameters, or what is shaped as they are, as one vector."""

from collections.abc import Sequence

import torch
from torch import Tensor


def flattened(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors as one vector (dim,), detached."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
