r"""Maxima of the loss over a set of perturbations, and the curvature around them.

At a maximum delta the gradient g of the loss pushes some pixels against a bound, of the box or with
Linf of the ball: they are held. On the others, the free ones,

* on the sphere \|delta\| = epsilon (L2) the gradient is g = mu delta, mu = g . delta / \|delta\|^2
  above 0;
* inside the ball, and with Linf, it is 0: mu = 0.

How the maximum moves with the weights is decided on the space of the free pixels, on the sphere
orthogonal to delta, with projector P, by the matrix

.. math:: K = \mu I - P D P, \qquad D = \nabla_\delta^2 \ell

which is positive definite at a strict maximum. D's Gauss-Newton part, all of it for a
piecewise-linear network, has low rank: with the Jacobian J (classes - 1, pixels) of the logit gaps
in the input, S = diag(q) - q q^T = R R^T and M = P J^T R,

.. math:: (\mu I - M M^T)^{-1} = \tfrac1\mu [I + M (\mu I - M^T M)^{-1} M^T]

(Woodbury) is what its systems are preconditioned with on the sphere. Elsewhere there is no mu, and
what makes the systems hard is that pixels differ in how much they matter: there the diagonal of K,
estimated from a few random signs (Bekas et al., Appl. Numer. Math. 57, 2007), is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from advscape.attacks.samples import AttackedSamples
from advscape.curvature.graph import pulled
from advscape.losses import gap_probabilities, logit_gaps

#: the preconditioner takes eigenvalues of M M^T above this share of mu for that share
_CAP = 0.9
#: largest relative difference from epsilon of the length of noise on the sphere
_ON_SPHERE = 1e-4
#: random signs for the diagonal of K, and its smallest entry over the mean one that is taken
_SIGNS, _LOWEST = 4, 0.05
#: gaps of the logits of which a preconditioner is made: each is a pass and an image in memory
_MOST_GAPS = 32


@dataclass(frozen=True)
class Maxima:
    """Samples at stationary points; d pixels, r columns of M or none.

    Attributes:
        x: (n, ...) perturbed inputs.
        y: (n,) labels.
        normal: (n, d) on the sphere unit vectors along the noise, 0 at pixels that are held;
            elsewhere 0.
        free: (n, d) 1 at pixels that move, 0 at those held at a bound.
        mu: (n,) multipliers; 0 off the sphere.
        axes: (n, d, r) M turned so that its columns are orthogonal; 0 off the sphere.
        strengths: (n, r) their squared lengths: the eigenvalues of M^T M.
        diagonal: (n, d) an estimate of K's, off the sphere; 1 there, and at pixels that are held.
    """

    x: Tensor
    y: Tensor
    normal: Tensor
    free: Tensor
    mu: Tensor
    axes: Tensor
    strengths: Tensor
    diagonal: Tensor

    def take(self, rows: Tensor) -> "Maxima":
        """Some of the samples, by a mask or by numbers."""
        return Maxima(*(getattr(self, field.name)[rows] for field in fields(self)))

    def to(self, dtype: torch.dtype) -> "Maxima":
        """The same in another precision."""
        return Maxima(*(v.to(dtype) if v.is_floating_point() else v for v in self))

    def split(self, size: int) -> list["Maxima"]:
        """Batches of so many samples, the last one perhaps shorter."""
        parts = (getattr(self, field.name).split(size) for field in fields(self))
        return [Maxima(*part) for part in zip(*parts, strict=True)]

    @staticmethod
    def join(parts: "list[Maxima]") -> "Maxima":
        """One record of several batches', of which some may have no M."""
        columns = max(part.axes.shape[2] for part in parts)
        wide = [part._widened(columns) for part in parts]
        names = [field.name for field in fields(Maxima)]
        return Maxima(*(torch.cat([getattr(part, name) for part in wide]) for name in names))

    def _widened(self, columns: int) -> "Maxima":
        more = columns - self.axes.shape[2]
        axes, strengths = (functional.pad(t, (0, more)) for t in (self.axes, self.strengths))
        return replace(self, axes=axes, strengths=strengths)

    def tangent(self, v: Tensor) -> Tensor:
        """P v: (n, d) from (n, ...)."""
        return _project(v, self.normal, self.free)

    def __iter__(self) -> Iterator[Tensor]:
        """The fields, inputs and labels first."""
        return (getattr(self, field.name) for field in fields(self))

    def matrix(self, v: Tensor, slope: Tensor, x: Tensor) -> Tensor:
        """K v (n, d) of tangent vectors, ``slope`` the gradient in the input ``x`` with graph."""
        (bent,) = pulled([slope], [x], [v.view_as(x)])
        return self.mu[:, None] * v - self.tangent(bent)

    @property
    def on_sphere(self) -> Tensor:
        """(n,) bool."""
        return self.mu > 0

    def preconditioner(self, v: Tensor) -> Tensor:
        """Woodbury's inverse on tangent vectors (n, d), with M M^T cut below mu.

        So it is positive definite anywhere; off the sphere it is the inverse diagonal.
        """
        mu = torch.where(self.on_sphere, self.mu, 1.0)[:, None]
        cut = torch.minimum(self.strengths, _CAP * mu)
        # an axis of length 0 is no axis, and its strength 0 with it
        share = cut / self.strengths.clamp_min(torch.finfo(v.dtype).tiny)
        along = torch.einsum("ndk,nd->nk", self.axes, v) * share / (mu - cut)
        return (v + torch.einsum("ndk,nk->nd", self.axes, along)) / (mu * self.diagonal)


def points_at(samples: AttackedSamples, gradient: Tensor) -> Maxima:
    """Describe samples by the pixels that are free and their multipliers, with no preconditioner.

    Args:
        samples: attacked.
        gradient: (n, ...) of the loss at the perturbed inputs.
    """
    threat, whole = samples.threat, samples.delta.flatten(1)
    free = threat.free(gradient, samples.delta, samples.x).flatten(1).to(whole.dtype)
    delta, slope = whole * free, gradient.flatten(1) * free
    none = delta.new_zeros(len(delta), delta.shape[1], 0)
    if threat.norm == "linf":
        flat = torch.zeros_like(delta)
        at_none = flat.sum(1)
        return Maxima(
            samples.perturbed, samples.y, flat, free, at_none, none, none.sum(1), flat + 1
        )  # fmt: skip
    radius = torch.linalg.vector_norm(delta, dim=1, keepdim=True)
    normal = delta / torch.where(radius > 0, radius, 1.0)
    mu = (slope * normal).sum(1) / torch.where(radius > 0, radius, 1.0)[:, 0]
    length = torch.linalg.vector_norm(whole, dim=1)
    on_sphere = ((length / threat.epsilon - 1).abs() <= _ON_SPHERE) & (mu > 0)
    normal, mu = torch.where(on_sphere[:, None], normal, 0.0), torch.where(on_sphere, mu, 0.0)
    ones = torch.ones_like(delta)
    return Maxima(samples.perturbed, samples.y, normal, free, mu, none, none.sum(1), ones)


def with_diagonal(points: Maxima, slope: Tensor, x: Tensor) -> Maxima:
    """The same points with K's diagonal, where some are off the sphere: a few products with K.

    Args:
        points: without it.
        slope: the gradient in the input ``x`` with graph.
        x: (n, ...).
    """
    if bool(points.on_sphere.all()):
        return points
    generator = torch.Generator(x.device).manual_seed(0)
    found = torch.zeros_like(points.free)
    for _ in range(_SIGNS):
        draw = torch.randint(0, 2, found.shape, generator=generator, device=x.device)
        signs = points.free * (2 * draw - 1)
        found += signs * points.matrix(signs, slope, x) / _SIGNS
    mean = found.abs().sum(1, keepdim=True) / points.free.sum(1, keepdim=True).clamp_min(1)
    kept = (points.free > 0) & ~points.on_sphere[:, None] & (mean > 0)
    return replace(points, diagonal=torch.where(kept, torch.maximum(found, _LOWEST * mean), 1.0))


def with_axes(model: nn.Module, points: Maxima) -> Maxima:
    """The same points with M, one backward pass for each gap of the logits.

    Without M where nothing is on the sphere, and where there are more than 32 gaps.

    Args:
        model: in eval mode; its parameters want no gradients.
        points: without M.
    """
    if not bool(points.on_sphere.any()):  # networks need not take empty batches
        return points
    columns = _columns(model, points.x, points.y, points.normal, points.free)
    strengths, turn = torch.linalg.eigh(columns.mT @ columns)
    on_sphere = points.on_sphere[:, None]
    axes = torch.where(on_sphere[:, :, None], columns @ turn, 0.0)
    strengths = torch.where(on_sphere, strengths.clamp_min(0), 0.0)
    return replace(points, axes=axes, strengths=strengths)


def _columns(model: nn.Module, x: Tensor, y: Tensor, normal: Tensor, free: Tensor) -> Tensor:
    """M of each sample: (n, d, gaps), or (n, d, 0) where there are too many."""
    x = x.detach().requires_grad_(True)
    gaps = logit_gaps(model(x), y)
    if gaps.shape[1] > _MOST_GAPS:
        return normal.new_zeros(*normal.shape, 0)
    true, q = gap_probabilities(gaps.detach()).split([1, gaps.shape[1]], dim=1)
    # S = R R^T with R = diag(s) (I - s s^T / (1 + sqrt p)), s = sqrt q, p the true label's
    s = q.sqrt()
    root = torch.diag_embed(s) - (q / (1 + true.sqrt()))[:, :, None] * s[:, None, :]
    columns = [pulled([gaps], [x], [weights])[0] for weights in root.unbind(2)]
    return torch.stack([_project(column, normal, free) for column in columns], dim=2)


def _project(v: Tensor, normal: Tensor, free: Tensor) -> Tensor:
    v = v.flatten(1) * free
    for _ in range(2):  # what is left may be small, and its rounding then not tangent
        v = v - normal * (normal * v).sum(dim=1, keepdim=True)
    return v
