"""Threat models: what an adversary may add to an input."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class ThreatModel:
    """A ball of perturbations, optionally cut by the box [0, 1] of pixels.

    Attributes:
        norm: "l2" or "linf", of each sample's perturbation.
        epsilon: radius, at least 0, in units of pixels in [0, 1].
        box: keep perturbed inputs inside [0, 1].
    """

    norm: Literal["l2", "linf"]
    epsilon: float
    box: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no ball."""
        if self.norm not in ("l2", "linf"):
            raise ValueError(f"norm: got {self.norm!r}; allowed: l2, linf")
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon: got {self.epsilon!r}; allowed: a finite number >= 0")

    def project(self, delta: Tensor, x: Tensor) -> Tensor:
        """Bring perturbations into the ball and, with a box, perturbed inputs into [0, 1].

        The inputs lie in the box, so clipping only shrinks a perturbation: the result is in both
        sets, though with L2 not always the nearest such point.

        Args:
            delta: (n, ...) perturbations.
            x: (n, ...) clean inputs, used with a box only.

        Returns:
            (n, ...) perturbations.
        """
        if self.norm == "linf":
            delta = delta.clamp(-self.epsilon, self.epsilon)
        else:
            norms = _norms(delta)
            delta = delta * torch.where(norms > self.epsilon, self.epsilon / norms, 1.0)
        return (x + delta).clamp(0, 1) - x if self.box else delta

    def ascent(self, gradient: Tensor, size: float) -> Tensor:
        """The steepest ascent step of length ``size`` in the norm; 0 where the gradient is 0."""
        if self.norm == "linf":
            return size * gradient.sign()
        tiny = torch.finfo(gradient.dtype).tiny
        return gradient * (size / _norms(gradient).clamp_min(tiny))

    def linear_maximiser(self, gradient: Tensor, x: Tensor) -> Tensor:
        """The perturbation delta of the set that maximises gradient . delta, exactly.

        A maximum of the loss is its own gradient's maximiser: this is the first-order (KKT)
        condition. With L2 and a box it is clip(c gradient) with the c that gives it the length
        epsilon, from the sorted values of c at which pixels reach the box. If all reach it before,
        it is that corner, shorter than epsilon.

        Args:
            gradient: (n, ...).
            x: (n, ...) clean inputs, used with a box only.

        Returns:
            (n, ...) perturbations; 0 where the gradient is 0.
        """
        steepest = self.ascent(gradient, self.epsilon)
        if not self.box:
            return steepest
        room = self._room(gradient, x)
        if self.norm == "linf":
            return gradient.sign() * room.clamp_max(self.epsilon)
        size, room = steepest.abs().flatten(1), room.flatten(1)
        reach, order = torch.where(size > 0, room / size, torch.inf).sort(dim=1)
        room2, size2 = room.gather(1, order).square(), size.gather(1, order).square()
        stopped = room2.cumsum(1) - room2
        moving = size2.flip(1).cumsum(1).flip(1)
        # squared length at the c that brings the k-th pixel to the box
        length = stopped + reach.square() * moving
        k = (length < self.epsilon**2).sum(1, keepdim=True).clamp_max(size.shape[1] - 1)
        left = (self.epsilon**2 - stopped.gather(1, k)).clamp_min(0)
        finite = torch.finfo(size.dtype)
        c = (left / moving.gather(1, k).clamp_min(finite.tiny)).sqrt().clamp_max(finite.max)
        return gradient.sign() * torch.minimum(c * size, room).view_as(gradient)

    def free(self, gradient: Tensor, x: Tensor) -> Tensor:
        """Pixels that :meth:`linear_maximiser` does not hold at the box: (n, ...) bool."""
        if not self.box:
            return torch.ones_like(gradient, dtype=torch.bool)
        return self.linear_maximiser(gradient, x).abs() < self._room(gradient, x)

    def _room(self, gradient: Tensor, x: Tensor) -> Tensor:
        """How far each pixel is from the box where the gradient pushes it."""
        return torch.where(gradient > 0, 1 - x, x)

    def random_start(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Perturbations drawn uniformly from the ball, then kept in the box: shape of ``x``."""
        noise = torch.randn(x.shape, generator=generator, device=generator.device)
        noise = noise.to(x.device, x.dtype)
        uniform = torch.rand(len(x), generator=generator, device=generator.device)
        uniform = uniform.to(x.device, x.dtype).view(-1, *[1] * (x.ndim - 1))
        if self.norm == "linf":  # the normal's distribution function makes a uniform of it
            return self.project(self.epsilon * torch.erf(noise / 2**0.5), x)
        radius = self.epsilon * uniform ** (1 / x[0].numel())
        return self.project(noise / _norms(noise) * radius, x)

    def random_extreme(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Perturbations of length epsilon, then kept in the box: shape of ``x``.

        With L2 uniform on the sphere, with Linf uniform among the ball's corners.
        """
        noise = torch.randn(x.shape, generator=generator, device=generator.device)
        return self.project(self.ascent(noise.to(x.device, x.dtype), self.epsilon), x)


def _norms(delta: Tensor) -> Tensor:
    """L2 norm of each sample, shaped to divide ``delta``."""
    norms = torch.linalg.vector_norm(delta.flatten(1), dim=1)
    return norms.view(-1, *[1] * (delta.ndim - 1))
