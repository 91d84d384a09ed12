r"""Strict maxima of the loss on the sphere of perturbations, and the curvature around them.

At a maximum delta over \|delta\| <= epsilon (L2) the gradient is g = mu delta with
mu = \|g\| / epsilon. How the maximum moves with the weights is decided on the tangent space
(orthogonal to delta, and 0 at pixels held by the box), with projector P, by the matrix

.. math:: K = \mu I - P D P, \qquad D = \nabla_\delta^2 \ell

which is positive definite at a strict maximum. Its Gauss-Newton part, all of it for a
piecewise-linear network, has low rank: with the Jacobian J (classes - 1, pixels) of the logit gaps
in the input, S = diag(q) - q q^T = R R^T and M = P J^T R,

.. math:: (\mu I - M M^T)^{-1} = \tfrac1\mu [I + M (\mu I - M^T M)^{-1} M^T]

(Woodbury).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from advscape.attacks.samples import AttackedSamples
from advscape.curvature.graph import pulled
from advscape.losses import gap_probabilities, logit_gaps

#: the preconditioner takes eigenvalues of M M^T above this share of mu for that share
_CAP = 0.9


@dataclass(frozen=True)
class Maxima:
    """Samples at stationary points on the sphere; d pixels, c classes (2 for a single logit).

    Attributes:
        x: (n, ...) perturbed inputs.
        y: (n,) labels.
        normal: (n, d) unit vectors along the noise, 0 at pixels held by the box.
        free: (n, d) 1 at pixels that move, 0 at those held by the box.
        mu: (n,) multipliers.
        axes: (n, d, c - 1) M turned so that its columns are orthogonal.
        strengths: (n, c - 1) their squared lengths: the eigenvalues of M^T M.
    """

    x: Tensor
    y: Tensor
    normal: Tensor
    free: Tensor
    mu: Tensor
    axes: Tensor
    strengths: Tensor

    def take(self, rows: Tensor) -> "Maxima":
        """Some of the samples, by a mask or by numbers."""
        return Maxima(*(getattr(self, field.name)[rows] for field in fields(self)))

    def split(self, size: int) -> list["Maxima"]:
        """Batches of so many samples, the last one perhaps shorter."""
        parts = (getattr(self, field.name).split(size) for field in fields(self))
        return [Maxima(*part) for part in zip(*parts, strict=True)]

    @staticmethod
    def join(parts: "list[Maxima]") -> "Maxima":
        """One record of several batches'; empty ones may not know the number of classes."""
        parts = [part for part in parts if len(part.y)] or parts[:1]
        names = [field.name for field in fields(Maxima)]
        return Maxima(*(torch.cat([getattr(part, name) for part in parts]) for name in names))

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

    def woodbury(self, v: Tensor) -> Tensor:
        """The inverse of mu I - M M^T on tangent vectors (n, d): exact where it is definite."""
        return self._inverse(v, self.strengths)

    def preconditioner(self, v: Tensor) -> Tensor:
        """:meth:`woodbury` with M M^T cut below mu, so that it is positive definite anywhere."""
        return self._inverse(v, torch.minimum(self.strengths, _CAP * self.mu[:, None]))

    def _inverse(self, v: Tensor, strengths: Tensor) -> Tensor:
        # an axis of length 0 is no axis, and its strength 0 with it
        share = strengths / self.strengths.clamp_min(torch.finfo(v.dtype).tiny)
        along = torch.einsum("ndk,nd->nk", self.axes, v)
        along = along * share / (self.mu[:, None] - strengths)
        return (v + torch.einsum("ndk,nk->nd", self.axes, along)) / self.mu[:, None]


def stationary_points(model: nn.Module, samples: AttackedSamples, gradient: Tensor) -> Maxima:
    """Describe samples at stationary points, one backward pass for each gap of the logits.

    Args:
        model: in eval mode; its parameters want no gradients.
        samples: attacked with L2, with or without a box.
        gradient: (n, ...) of the loss at the perturbed inputs.
    """
    perturbed, y = samples.perturbed, samples.y
    free = samples.threat.free(gradient, samples.x).flatten(1).to(samples.x.dtype)
    delta = samples.delta.flatten(1) * free
    radius = torch.linalg.vector_norm(delta, dim=1, keepdim=True)
    mu = torch.linalg.vector_norm(gradient.flatten(1) * free, dim=1) / radius[:, 0]
    normal = delta / radius
    if not len(y):  # networks need not take empty batches
        return Maxima(perturbed, y, normal, free, mu, normal[:, :, None], normal)
    columns = _columns(model, perturbed, y, normal, free)
    strengths, turn = torch.linalg.eigh(columns.mT @ columns)
    return Maxima(perturbed, y, normal, free, mu, columns @ turn, strengths.clamp_min(0))


def _columns(model: nn.Module, x: Tensor, y: Tensor, normal: Tensor, free: Tensor) -> Tensor:
    """M of each sample: (n, d, c - 1)."""
    x = x.detach().requires_grad_(True)
    gaps = logit_gaps(model(x), y)
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
