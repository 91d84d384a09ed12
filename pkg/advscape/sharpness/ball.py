"""Balls of relative steps u, where the weights are moved to w + c u.

In these coordinates an ellipsoid of weights is a ball: projections are exact, and what climbs in
it takes the same way whatever the scale of the layers.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Ball(Protocol):
    """A set of steps u (dim,) around 0."""

    @property
    def radius(self) -> float:
        """Its size, at least 0."""

    def project(self, u: Tensor) -> Tensor:
        """The nearest point of the ball."""

    def ascent(self, gradient: Tensor) -> Tensor:
        """The step of length 1 in the ball's norm along which a gradient rises most."""

    def draw(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """Uniformly from the ball; dtype and device of ``like`` (dim,)."""


@dataclass(frozen=True)
class L2Ball:
    """Blocks of entries, each of at most ``radius`` in L2; one block is the plain L2 ball.

    Attributes:
        radius: of every block.
        sizes: entries of each block, in their order.
    """

    radius: float
    sizes: tuple[int, ...]

    def project(self, u: Tensor) -> Tensor:
        """The nearest point of the ball."""
        lengths = self._lengths(u)
        return u * torch.where(lengths > self.radius, self.radius / lengths, 1.0)

    def ascent(self, gradient: Tensor) -> Tensor:
        """Each block's gradient at length 1; 0 where it is 0."""
        return gradient / self._lengths(gradient).clamp_min(torch.finfo(gradient.dtype).tiny)

    def draw(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """Uniformly from the ball, block by block."""
        direction = self.ascent(gaussian(generator, like))
        share = torch.rand(len(self.sizes), generator=generator, device=generator.device)
        share = share.to(like) ** (1 / torch.tensor(self.sizes).to(like))
        return self.radius * self._spread(share) * direction

    def _lengths(self, u: Tensor) -> Tensor:
        """Length of each entry's block: (dim,)."""
        parts = u.split(self.sizes)
        return self._spread(torch.stack([torch.linalg.vector_norm(part) for part in parts]))

    def _spread(self, of_blocks: Tensor) -> Tensor:
        return of_blocks.repeat_interleave(torch.tensor(self.sizes, device=of_blocks.device))


@dataclass(frozen=True)
class LinfBall:
    """Entries of at most ``radius``."""

    radius: float

    def project(self, u: Tensor) -> Tensor:
        """The nearest point of the ball."""
        return u.clamp(-self.radius, self.radius)

    def ascent(self, gradient: Tensor) -> Tensor:
        """The gradient's signs."""
        return gradient.sign()

    def draw(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """Uniformly from the ball."""
        uniform = torch.rand(like.shape, generator=generator, device=generator.device)
        return self.radius * (2 * uniform.to(like) - 1)


def gaussian(generator: torch.Generator, like: Tensor) -> Tensor:
    """Standard normal entries; shape, dtype and device of ``like``."""
    return torch.randn(like.shape, generator=generator, device=generator.device).to(like)
