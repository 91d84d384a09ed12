"""Weights that are moved in place and given back bit for bit, and which they are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn


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


@contextmanager
def moved(parameters: Sequence[Tensor], step: Tensor) -> Iterator[None]:
    """Within the block the weights are w + step; afterwards, also after an error, what they were.

    Args:
        parameters: those moved.
        step: (dim,), the parameters' entries one after the other.
    """
    pieces = step.split([parameter.numel() for parameter in parameters])
    with restored(parameters):
        with torch.no_grad():
            for parameter, piece in zip(parameters, pieces, strict=True):
                parameter.add_(piece.view(parameter.shape))
        yield


def trained(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that are trained: those that require gradients, in the model's order."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
