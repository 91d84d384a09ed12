"""Losses that do not change when all logits are multiplied by a constant."""

import torch
from torch import Tensor

from advscape.losses import precise_losses

#: lengths up to here are rounding errors of equal logits
_TINY = 1e-10


def normalised_logits(outputs: Tensor) -> Tensor:
    """Each sample's logits, centred and brought to length 1.

    As in the code of Andriushchenko et al. 2023 (arXiv 2302.07011, ``LogitNormalizationWrapper``):
    a last layer of larger weights makes a network more confident, and changes none of these.

    Args:
        outputs: (n, classes) logits, of two classes or more.

    Returns:
        (n, classes); 0 where all logits of a sample are equal. It has no derivative there; what
        is passed on is the gradient of the centred logits.

    Raises:
        ValueError: a single logit, of which nothing is left but its sign.
    """
    if outputs.shape[1] < 2:
        raise ValueError("outputs: got a single logit; allowed: a logit for each class")
    centred = outputs - outputs.mean(dim=1, keepdim=True)
    length = centred.norm(dim=1, keepdim=True)
    return centred / torch.where(length > _TINY, length, 1.0)


def normalised_losses(outputs: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of the normalised logits: (n,)."""
    return precise_losses(normalised_logits(outputs), y)
