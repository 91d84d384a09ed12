"""Directions in weight space (Li et al. 2018, arXiv 1712.09913)."""

import torch
from torch import Tensor, nn


def filter_normalised(model: nn.Module, seed: int) -> list[Tensor]:
    """A Gaussian direction whose every filter has the norm of the model's filter.

    A filter is one output of a weight of two or more axes: a slice along the first axis. Biases
    and batch-norm parameters, which have one axis, get zero, as the field does.

    Args:
        model: the network at its trained weights.
        seed: the same seed gives the same Gaussian draw for every run of a model.

    Returns:
        One tensor per parameter, in the order of ``model.parameters()``.
    """
    generator = torch.Generator().manual_seed(seed)
    directions = []
    for parameter in model.parameters():
        draw = torch.randn(parameter.shape, generator=generator).to(parameter)
        directions.append(_like_filters(draw, parameter.detach()))
    return directions


def _like_filters(draw: Tensor, weight: Tensor) -> Tensor:
    if weight.ndim < 2:
        return torch.zeros_like(weight)
    wanted = weight.flatten(1).norm(dim=1)
    given = draw.flatten(1).norm(dim=1)
    return draw * (wanted / given).view(-1, *[1] * (weight.ndim - 1))
