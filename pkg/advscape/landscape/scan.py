"""A model moved along a line in weight space, and put back bit for bit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")


@contextmanager
def moved(model: nn.Module, direction: Sequence[Tensor], alpha: float) -> Iterator[None]:
    """Within the block the weights are w + alpha d; afterwards exactly what they were.

    The weights are changed in place, so anything that holds the parameters sees the move.
    """
    parameters = list(model.parameters())
    saved = [parameter.detach().clone() for parameter in parameters]
    try:
        with torch.no_grad():
            for parameter, d in zip(parameters, direction, strict=True):
                parameter.add_(d, alpha=alpha)
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(parameters, saved, strict=True):
                parameter.copy_(value)


def scan(
    model: nn.Module,
    direction: Sequence[Tensor],
    alphas: Sequence[float],
    measure: Callable[[], T],
) -> Iterator[tuple[float, T]]:
    """Measure at every alpha: pairs (alpha, what ``measure`` said there)."""
    for alpha in alphas:
        with moved(model, direction, alpha):
            yield alpha, measure()
