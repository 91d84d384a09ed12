"""The scale c of each weight: a move by u changes the weights to w + c u."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from advscape.models.flat import flattened

#: layers whose parameters Stutz et al. leave alone
_NORMALISATION = (_NormBase, nn.LayerNorm, nn.GroupNorm)


def plain_scale(parameters: Sequence[nn.Parameter]) -> Tensor:
    """The scale c = 1: (dim,)."""
    return torch.ones_like(flattened(parameters))


def adaptive_scale(parameters: Sequence[nn.Parameter]) -> Tensor:
    """The scale c = abs(w), weight by weight (Kwon et al. 2021, arXiv 2102.11600): (dim,)."""
    return flattened(parameters).abs()


def layer_scale(model: nn.Module, parameters: Sequence[nn.Parameter]) -> Tensor:
    """The scale c = length of the weight's own layer: (dim,).

    A weight and a bias are layers of their own; parameters of normalisation layers get 0 and stay
    where they are (Stutz et al. 2021, arXiv 2104.04448, section 3.2 and supplement).
    """
    left_alone = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, _NORMALISATION)
        for parameter in module.parameters(recurse=False)
    }
    lengths = [
        torch.zeros_like(p) if id(p) in left_alone else torch.full_like(p, float(p.detach().norm()))
        for p in parameters
    ]
    return flattened(lengths)
