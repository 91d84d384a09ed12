"""Gradients with a graph, and passes back through it, where some tensors may have no part in it."""

from collections.abc import Sequence

import torch
from torch import Tensor


def gradient_graph(loss: Tensor, over: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Gradients of a scalar with the graph of a second derivative; 0 where it does not depend."""
    return torch.autograd.grad(loss, over, create_graph=True, materialize_grads=True)


def pulled(
    outputs: Sequence[Tensor], over: Sequence[Tensor], vectors: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """Derivatives of the sum of outputs times vectors; 0 where nothing depends on a tensor.

    The graph is kept.

    Args:
        outputs: some may be constants, which have no graph.
        over: tensors to differentiate in.
        vectors: one for each output, of its shape.
    """
    moving = [pair for pair in zip(outputs, vectors, strict=True) if pair[0].requires_grad]
    if not moving:
        return tuple(torch.zeros_like(tensor) for tensor in over)
    return torch.autograd.grad(
        [output for output, _ in moving], over, [vector for _, vector in moving],
        retain_graph=True, materialize_grads=True,
    )  # fmt: skip
