r"""Worst-case sharpness: how much the loss rises at the worst weights of a ball.

.. math:: \max_{\|u\|_p \le \rho} L(w + c \odot u) - L(w)

Andriushchenko et al. 2023 (arXiv 2302.07011), p = 2 or infinity; c = 1 is the plain measure,
c = abs(w) the adaptive one. L is the mean over all samples given: their figures are means over
batches of 128 of what is worst for each batch.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advscape.sharpness.ascent import Slope, ascend
from advscape.sharpness.ball import Ball
from advscape.sharpness.estimate import Sharpness, largest


def worst_sharpness(
    slope: Slope,
    parameters: Sequence[nn.Parameter],
    scale: Tensor,
    ball: Ball,
    steps: int,
    restarts: int,
    generator: torch.Generator,
    n: int,
) -> Sharpness:
    """The largest rise that several ascents find: a lower bound of the maximum.

    The first starts at the weights themselves, as the authors do: it goes where the gradient
    points. The others, and the first too where there is no gradient, start at random.

    Args:
        slope: loss and gradient at the weights as they are when it is called.
        parameters: those moved; afterwards, also after an error, they are what they were.
        scale: c, (dim,).
        ball: of u.
        steps: of each ascent, see :func:`advscape.sharpness.ascent.ascend`.
        restarts: ascents, at least 1; random starts are drawn uniformly from the ball.
        generator: of the starts.
        n: samples in the loss.
    """
    centre, gradient = slope()
    rises = []
    for i in range(restarts):
        start = ball.draw(generator, scale)
        if i == 0 and bool((scale * gradient).any()):
            start = torch.zeros_like(start)
        rises.append(ascend(slope, parameters, scale, ball, steps, start).value - centre)
    return largest(rises, n)
