"""Auto-PGD in weight space: projected ascent that halves its own steps and keeps the best point."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from advscape.models.restored import moved
from advscape.sharpness.ball import Ball

#: the loss and its gradient (dim,) at the weights as they are when it is called
Slope = Callable[[], tuple[float, Tensor]]
#: weight of the newest step against the one before
_MOMENTUM = 0.75
#: share of the steps that must have gone up for the length to stay
_RISING = 0.75


@dataclass(frozen=True)
class Climb:
    """Outcome of one ascent: the best step ``u`` (dim,) and the loss there."""

    u: Tensor
    value: float


@dataclass
class _Point:
    u: Tensor
    value: float
    gradient: Tensor


def ascend(
    slope: Slope,
    parameters: Sequence[nn.Parameter],
    scale: Tensor,
    ball: Ball,
    steps: int,
    start: Tensor,
) -> Climb:
    """Climb the loss at w + c u within a ball of u.

    Croce and Hein 2020 (arXiv 2003.01690, algorithm 1): steps begin at twice the radius and are
    halved, going on from the best point, at checkpoints between which fewer than three quarters of
    the steps went up or nothing was gained. Andriushchenko et al. 2023 (arXiv 2302.07011) use it
    in weight space, with steps along c g. These go along c^2 g, the steepest ascent in u: with
    c = abs(w) the way, and not only its end, is then the same for every rescaling of layers.

    Args:
        slope: loss and gradient at the weights as they are when it is called.
        parameters: those moved; afterwards, also after an error, they are what they were.
        scale: c, (dim,).
        ball: of u.
        steps: moves, each with one gradient.
        start: (dim,), a point of the ball.
    """

    def look(u: Tensor) -> _Point:
        with moved(parameters, scale * u):
            value, gradient = slope()
        return _Point(u, value, scale * gradient)

    here = best = look(start)
    before, size = start, 2 * ball.radius
    checkpoints, last = _checkpoints(steps), 0
    rises, halved, best_then = 0, False, best.value
    for k in range(1, steps + 1):
        u = ball.project(here.u + size * ball.ascent(here.gradient))
        if k > 1:
            u = here.u + _MOMENTUM * (u - here.u) + (1 - _MOMENTUM) * (here.u - before)
            u = ball.project(u)
        before, there = here.u, look(u)
        rises += there.value > here.value
        here = there
        best = here if here.value > best.value else best
        if k in checkpoints:
            stuck = not halved and best.value == best_then
            halved = stuck or rises < _RISING * (k - last)
            if halved:
                size /= 2
                here, before = best, best.u
            rises, last, best_then = 0, k, best.value
    return Climb(best.u, best.value)


def _checkpoints(steps: int) -> set[int]:
    """Steps after which the length is looked at: ever closer to each other."""
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return {math.ceil(share * steps) for share in shares[1:]}
