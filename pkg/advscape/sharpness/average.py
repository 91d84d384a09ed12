r"""Average-case sharpness: how much the loss rises at randomly moved weights.

.. math:: E_u[L(w + c \odot u)] - L(w)

Andriushchenko et al. 2023 (arXiv 2302.07011): u Gaussian of standard deviation rho (L2), or uniform
in [-rho, rho] (Linf); c = 1 is the plain measure, c = abs(w) the adaptive one, which no rescaling
of layers changes. For a quadratic loss at its minimum the Gaussian one is
:math:`\tfrac12 \rho^2 \mathrm{tr}(C H C)`.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from advscape.models.restored import moved
from advscape.sharpness.estimate import Sharpness, averaged


def average_sharpness(
    measure: Callable[[], Tensor],
    parameters: Sequence[nn.Parameter],
    scale: Tensor,
    draw: Callable[[Tensor], Tensor],
    draws: int,
    n: int,
) -> list[Sharpness]:
    """Mean rise of k losses over draws of the weights that they have in common.

    Args:
        measure: the k losses (k,) at the weights as they are when it is called.
        parameters: those moved; afterwards, also after an error, they are what they were.
        scale: c, (dim,).
        draw: makes u (dim,); called with a vector of the wanted shape, dtype and device.
        draws: how many, at least 2.
        n: samples in the losses.

    Returns:
        One for each loss.

    Raises:
        ValueError: fewer than 2 draws.
    """
    if draws < 2:
        raise ValueError(f"draws: got {draws}; allowed: 2 or more")
    centre, rises = measure(), []
    for _ in range(draws):
        with moved(parameters, scale * draw(scale)):
            rises.append(measure() - centre)
    return [averaged(column.tolist(), n) for column in torch.stack(rises).T]
