"""Threat models: what an adversary may add to an input."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import torch
from torch import Tensor

#: units of rounding by which inputs near 1 may miss their bounds
ROUNDING = 8


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
        """Refuse what is no ball.

        Raises:
            ValueError: the norm is unknown, epsilon is no number, negative or not finite, or box is
                neither True nor False.
        """
        if self.norm not in ("l2", "linf"):
            raise ValueError(f"norm: got {self.norm!r}; allowed: l2, linf")
        real = isinstance(self.epsilon, Real) and not isinstance(self.epsilon, bool)
        if not real or not 0 <= self.epsilon < math.inf:
            raise ValueError(f"epsilon: got {self.epsilon!r}; allowed: a finite number >= 0")
        if not isinstance(self.box, bool):
            raise ValueError(f"box: got {self.box!r}; allowed: True or False")

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
            norms = _shaped(lengths(delta), delta)
            # a quotient of subnormal numbers may be infinite
            shorter = (self.epsilon / norms).clamp_max(1.0)
            delta = delta * torch.where(norms > self.epsilon, shorter, 1.0)
        return (x + delta).clamp(0, 1) - x if self.box else delta

    def ascent(self, gradient: Tensor, size: float) -> Tensor:
        """The steepest ascent step of length ``size`` in the norm; 0 where the gradient is 0."""
        if self.norm == "linf":
            return size * gradient.sign()
        gradient = gradient / _shaped(_powers(gradient), gradient)
        norms = _shaped(lengths(gradient), gradient)
        return gradient * (size / torch.where(norms > 0, norms, 1.0))

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
        if not self.box:
            return self.ascent(gradient, self.epsilon)
        room = self._room(gradient, x)
        if self.norm == "linf":
            return gradient.sign() * room.clamp_max(self.epsilon)
        # twice the box's diagonal: beyond it nothing changes, and squares overflow
        epsilon = min(self.epsilon, 2 * math.sqrt(math.prod(x.shape[1:])))
        size, room = self.ascent(gradient, epsilon).abs().flatten(1), room.flatten(1)
        reach, order = torch.where(size > 0, room / size, torch.inf).sort(dim=1)
        room2, size2 = room.gather(1, order).square(), size.gather(1, order).square()
        stopped = room2.cumsum(1) - room2
        moving = size2.flip(1).cumsum(1).flip(1)
        # squared length at the c that brings the k-th pixel to the box
        length = stopped + reach.square() * moving
        k = (length < epsilon**2).sum(1, keepdim=True).clamp_max(size.shape[1] - 1)
        left = (epsilon**2 - stopped.gather(1, k)).clamp_min(0)
        finite = torch.finfo(size.dtype)
        c = (left / moving.gather(1, k).clamp_min(finite.tiny)).sqrt().clamp_max(finite.max)
        return gradient.sign() * torch.minimum(c * size, room).view_as(gradient)

    def damped_maximiser(
        self, gradient: Tensor, delta: Tensor, x: Tensor, damping: Tensor
    ) -> Tensor:
        r"""Where the linearised loss less a quadratic pull towards ``delta`` is largest.

        The maximiser over the set of g . d - (k mu / 2) |d - delta|^2, with mu = |g| / epsilon
        (with Linf the mean of \|g\| over pixels / epsilon): without damping
        :meth:`linear_maximiser`, with much of it a short gradient step. Its fixed points are the
        points that meet the first-order condition, on the sphere, inside the ball, and with Linf
        where some pixels are at no bound.

        Args:
            gradient: (n, ...).
            delta: (n, ...) perturbations in the set.
            x: (n, ...) clean inputs, used with a box only.
            damping: (n,) k of each sample, at least 0.

        Returns:
            (n, ...) perturbations.
        """
        pulled = _shaped(damping, delta) > 0
        flat = gradient.flatten(1)
        size = flat.abs().mean(dim=1) if self.norm == "linf" else lengths(gradient)
        unit = gradient / _shaped(torch.where(size > 0, size, 1.0), gradient)
        # k (delta + step), which does not overflow where k is small
        aim = _shaped(damping, delta) * delta + self.epsilon * unit
        near = delta + self.epsilon * unit / _shaped(torch.where(damping > 0, damping, 1.0), delta)
        if self.norm == "linf":
            return torch.where(pulled, self.project(near, x), self.linear_maximiser(gradient, x))
        cut = (x + near).clamp(0, 1) - x if self.box else near
        inside = pulled & _shaped(lengths(cut) <= self.epsilon, delta)
        return torch.where(inside, cut, self.linear_maximiser(aim, x))

    def free(self, gradient: Tensor, delta: Tensor, x: Tensor) -> Tensor:
        """Pixels that move when the gradient does: (n, ...) bool.

        The others stand at a bound, of the box or with Linf of the ball, and the first-order
        condition keeps them there.

        Args:
            gradient: (n, ...) at ``delta``.
            delta: (n, ...) perturbations in the set.
            x: (n, ...) clean inputs, used with a box only.
        """
        limit = self._limit(gradient, x)
        aim = self.linear_maximiser(gradient, x)
        near = ROUNDING * torch.finfo(delta.dtype).eps
        return (aim.abs() < limit) | ((aim - delta).abs() > near)

    def settled(self, delta: Tensor, x: Tensor, near: float) -> Tensor:
        """Perturbations that miss the set, or its bounds, by rounding: in it, and at them.

        Pixels that are at most ``near`` from a bound, of the box or with Linf of the ball, are put
        on it. With L2 the others make up for it where a perturbation is too long: pixels at the box
        stay there.

        Args:
            delta: (n, ...) perturbations.
            x: (n, ...) clean inputs, used with a box only.
            near: in units of pixels.
        """
        held = torch.zeros_like(delta, dtype=torch.bool)
        if self.norm == "linf":
            held = delta.abs() >= self.epsilon - near
            delta = torch.where(held, delta.sign() * self.epsilon, delta)
        if self.box:
            low, high = x + delta <= near, x + delta >= 1 - near
            delta = torch.where(low, -x, torch.where(high, 1 - x, delta))
            held = held | low | high
        if self.norm == "linf":  # where both bounds are as near, that of the box may be further
            return delta.clamp(-self.epsilon, self.epsilon)
        moving = torch.where(held, 0.0, delta)
        left = (self.epsilon**2 - lengths(delta - moving).square()).clamp_min(0).sqrt()
        size = lengths(moving)
        return delta - moving * _shaped((1 - left / size).clamp(0, 1).nan_to_num(0.0), delta)

    def _limit(self, gradient: Tensor, x: Tensor) -> Tensor:
        """How far each pixel may go where the gradient pushes it."""
        limit = self._room(gradient, x) if self.box else torch.full_like(gradient, math.inf)
        return limit.clamp_max(self.epsilon) if self.norm == "linf" else limit

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
        return self.project(noise / _shaped(lengths(noise), noise) * radius, x)

    def random_extreme(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Perturbations of length epsilon, then kept in the box: shape of ``x``.

        With L2 uniform on the sphere, with Linf uniform among the ball's corners.
        """
        noise = torch.randn(x.shape, generator=generator, device=generator.device)
        return self.project(self.ascent(noise.to(x.device, x.dtype), self.epsilon), x)


def lengths(delta: Tensor) -> Tensor:
    """L2 norm of each sample, (n,) from (n, ...), also where squares overflow or are lost."""
    powers = _powers(delta)
    scaled = (delta / _shaped(powers, delta)).flatten(1)
    norms: Tensor = torch.linalg.vector_norm(scaled, dim=1)
    return powers * norms


def _powers(delta: Tensor) -> Tensor:
    """For each sample the power of two (n,) below its largest entry; dividing by it is exact."""
    largest = delta.detach().flatten(1).abs().amax(dim=1)
    largest = largest.clamp_min(torch.finfo(delta.dtype).tiny)
    mantissa, _ = torch.frexp(largest)
    return torch.where(largest.isfinite(), largest / (2 * mantissa), 1.0)


def _shaped(values: Tensor, like: Tensor) -> Tensor:
    """One value for each sample, (n,), shaped to divide ``like``, (n, ...)."""
    return values.view(-1, *[1] * (like.ndim - 1))
