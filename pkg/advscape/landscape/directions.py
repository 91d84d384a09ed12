"""Directions in weight space.

A direction is a mapping from names of ``state_dict`` entries to tensors of their shapes; entries
that it leaves out stay where they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn

from advscape.errors import UserError

Direction = dict[str, Tensor]
#: how a Gaussian draw is scaled
Scaling = Literal["raw", "gaussian", "layer-normalised", "filter-normalised"]


@dataclass(frozen=True)
class Place:
    """Where a direction starts, and what it may be made from.

    Attributes:
        model: the network at its trained weights.
        eigenvectors: (k, dim) of the kept eigenvectors of its Hessian.
        checkpoints: from a kind of direction to the ``state_dict`` of the checkpoint it goes to.
    """

    model: nn.Module
    eigenvectors: Callable[[], Tensor]
    checkpoints: Callable[[str], Mapping[str, Tensor]]


def random_kind(place: Place, kind: str, seed: int) -> Direction:
    """A Gaussian direction whose scaling is the kind's name."""
    return random_direction(place.model, cast("Scaling", kind), seed)


def along_eigenvector(place: Place, kind: str, seed: int) -> Direction:
    """The eigenvector of a rank, 0 the largest."""
    return eigenvector_direction(place.model, place.eigenvectors()[seed])


def to_checkpoint(place: Place, kind: str, seed: int) -> Direction:
    """From the trained weights to another checkpoint of the run."""
    return difference(place.model, place.checkpoints(kind))


def random_direction(model: nn.Module, scaling: Scaling, seed: int) -> Direction:
    r"""A Gaussian direction over the model's trained weights of two or more axes.

    Biases and batch-norm parameters, which have one axis, stay where they are, as in Li et al.; and
    so do frozen weights, which the Hessian leaves out too.
    A step along the scaled ones is relative to the weights:

    * raw: the draw itself, entries of variance 1.
    * gaussian: \|d\| = \|w\| as a whole.
    * layer-normalised: \|d_l\| = \|w_l\| for each tensor (Wu et al. 2020, arXiv 2004.05884).
    * filter-normalised: the same for each filter (Li et al. 2018, arXiv 1712.09913), one output
      of a weight: a slice along its first axis. A linear model's weight is one filter per output.

    Args:
        model: the network at its trained weights.
        scaling: one of the above.
        seed: the same seed gives the same Gaussian draw for every run of a model, and the same
            for a weight whether others are frozen or not.

    Raises:
        UserError: the model trains no such weight.
    """
    generator = torch.Generator().manual_seed(seed)
    draws = {}
    for name, weight in model.named_parameters():
        draw = torch.randn(weight.shape, generator=generator).to(weight)
        if weight.ndim > 1 and weight.requires_grad:
            draws[name] = draw
    if not draws:
        raise UserError(
            f"landscape: {scaling} lines move weights of two or more axes, and this network "
            "trains none"
        )
    weights = {name: model.get_parameter(name).detach() for name in draws}
    if scaling == "raw":
        return draws
    if scaling == "gaussian":
        ratio = _norm(weights) / _norm(draws)
        return {name: ratio * draw for name, draw in draws.items()}
    first = 0 if scaling == "layer-normalised" else 1
    return {name: _rescaled(draw, weights[name], first) for name, draw in draws.items()}


def eigenvector_direction(model: nn.Module, vector: Tensor) -> Direction:
    r"""An eigenvector of a Hessian over all parameters, of length 1 and with a fixed sign.

    So alpha is a distance in weight space, as in PyHessian's figures (Yao et al. 2020, arXiv
    1912.07145), and d^T H d the eigenvalue. A step as long as w along it would leave every scale.

    Args:
        model: the network that the Hessian is of.
        vector: (dim,); its largest entry becomes positive.

    Raises:
        ValueError: the vector has another length.
    """
    chosen = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    sizes = [p.numel() for p in chosen.values()]
    if vector.shape != (sum(sizes),):
        raise ValueError(f"vector: got shape {tuple(vector.shape)}; allowed: ({sum(sizes)},)")
    vector = vector * (vector[vector.abs().argmax()].sign() / vector.norm())
    pieces = zip(chosen.items(), vector.split(sizes), strict=True)
    return {name: piece.view_as(p).to(p) for (name, p), piece in pieces}


def difference(model: nn.Module, other: Mapping[str, Tensor]) -> Direction:
    """From the model's weights to another checkpoint's, which is at alpha = 1.

    All that differs moves, running statistics too, so that the network there is the other
    checkpoint's; frozen weights do not differ.

    Args:
        model: the network at its trained weights.
        other: the other checkpoint's ``state_dict``, of the same shapes.
    """
    gaps = {
        name: other[name].to(value) - value
        for name, value in model.state_dict().items()
        if isinstance(value, Tensor) and value.is_floating_point()
    }
    return {name: gap for name, gap in gaps.items() if bool(gap.any())}


def _rescaled(draw: Tensor, weight: Tensor, first: int) -> Tensor:
    """The draw with the weight's norm over all axes from ``first`` on."""
    axes = tuple(range(first, weight.ndim))
    wanted = torch.linalg.vector_norm(weight, dim=axes, keepdim=True)
    ratio: Tensor = wanted / torch.linalg.vector_norm(draw, dim=axes, keepdim=True)
    return draw * ratio


def _norm(tensors: Mapping[str, Tensor]) -> Tensor:
    norms = [value.norm() for value in tensors.values()]
    norm: Tensor = torch.stack(norms).norm()
    return norm
