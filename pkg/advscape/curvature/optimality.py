"""Which samples of an attack's outcome are strict maxima, so that their response exists."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from advscape.attacks.kkt import stationarity
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.conjugate_gradients import CGSolution, Rows, conjugate_gradients
from advscape.curvature.float64 import in_float64
from advscape.curvature.graph import gradient_graph
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.maxima import Maxima, points_at, with_axes, with_diagonal
from advscape.curvature.newton import distance
from advscape.curvature.paths import Path
from advscape.curvature.proof import proven_path
from advscape.losses import logit_gaps, precise_losses
from advscape.models.kinks import has_kinks
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel

#: what a sample can be: kinds of strict maxima, and two of samples that are none
SPHERE, INTERIOR, COORDINATES, KINK, UNCONVERGED = range(5)
KINDS = ("sphere", "interior", "free coordinates", "kink", "not converged")
#: residual of first derivatives from which on a sample is no candidate
_NEAR = 0.1
#: relative residual of the system that certifies a positive definite matrix, see :func:`_definite`
_CERTIFICATE = 1e-4
#: relative residual of other systems, and most products with K for any
_SOLVED, _PRODUCTS = 1e-2, 300
#: rounds of inverse iteration for the smallest eigenvalue of K, the certificate's being the first
_ROUNDS = 3
#: response and total are given where at least this share of the samples has a response
_MEASURABLE = 0.5
#: damping of the short step along which the loss does not rise at a kink
_SHORT = 1e4


@dataclass(frozen=True)
class Optimality:
    """What :func:`attack_optimality` finds; n samples.

    Attributes:
        kinds: (n,) int64, places in :data:`KINDS`.
        losses: (n,) at the perturbed inputs.
        distances: (n,) how far the maximum still is, over epsilon: the length of Newton's step,
            with Linf its largest entry; NaN where K is not positive definite.
        firmness: (n,) smallest eigenvalue of K of :mod:`advscape.curvature.maxima`, from above by
            inverse iteration: on the sphere over mu, elsewhere over K's mean eigenvalue; 1 where
            all pixels are held, NaN where K is not positive definite. Near 0 the maximum is flat,
            and its response large.
        tolerance: the largest distance that counts as none.
        maxima: the valid samples.
        steps: (valid, ...) Newton's steps from these to their maxima.
    """

    kinds: Tensor
    losses: Tensor
    distances: Tensor
    firmness: Tensor
    tolerance: float
    maxima: Maxima
    steps: Tensor

    @property
    def valid(self) -> Tensor:
        """(n,) bool: samples that are strict maxima."""
        return self.kinds < KINK

    @property
    def n_valid(self) -> int:
        """Number of valid samples."""
        return int(self.valid.sum())

    @property
    def measurable(self) -> bool:
        """Whether enough samples have a response for its Hessian to say something of the loss."""
        return self.n_valid >= _MEASURABLE * len(self.kinds)

    def counts(self) -> dict[str, int]:
        """Number of samples of each kind."""
        return {kind: int((self.kinds == place).sum()) for place, kind in enumerate(KINDS)}

    def loss_shares(self) -> dict[str, float]:
        """Share of the summed loss that each kind carries."""
        whole = float(self.losses.double().sum()) or 1.0
        return {
            kind: float(self.losses[self.kinds == place].double().sum()) / whole
            for place, kind in enumerate(KINDS)
        }


class _Examined(NamedTuple):
    """A batch's kinds, losses, distances, firmness, its valid points and their steps."""

    kinds: Tensor
    losses: Tensor
    distances: Tensor
    firmness: Tensor
    points: Maxima
    steps: Tensor


def attack_optimality(
    model: nn.Module, samples: AttackedSamples, tolerance: float, batch_size: int
) -> Optimality:
    """Test each sample: whether it is a strict maximum, and of which kind.

    It is one where K is positive definite, which conjugate gradients on a random right-hand side
    certify, and Newton's step is short. The Jacobian, and on the sphere it is most of the cost, is
    formed for samples that nearly meet the first-order condition, and kept for the response. The
    gradient is in float64, see :func:`advscape.curvature.float64.in_float64`: a flat maximum is
    further from where float32 sees it than the tolerance.

    Of the others those are at a kink from which a short step along the gradient does not raise the
    loss, in a network that has kinks; all further ones are not converged: attacks that were not
    carried to their end, saddles, and samples without a gradient.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        samples: attacked with an epsilon above 0.
        tolerance: largest distance to the maximum, over epsilon.
        batch_size: samples that go through the model at once.

    Raises:
        ValueError: epsilon is 0.
        UnprovenHessian: second derivatives cannot be shown to be right.
    """
    if samples.threat.epsilon == 0:
        raise ValueError(f"threat: got {samples.threat}; allowed: epsilon above 0")
    samples = samples.detached()
    path = proven_path(HessianOperator(model, samples.perturbed, samples.y, batch_size))
    kinked = has_kinks(model, samples.perturbed[:1])
    wide, here = in_float64(model, samples)
    with untouched(model):
        found = [
            _examine(model, wide, part, tolerance, path, kinked) for part in here.split(batch_size)
        ]
    *columns, points, steps = zip(*found, strict=True)
    kinds, losses, distances, firmness = (torch.cat(column) for column in columns)
    maxima = Maxima.join(list(points))
    return Optimality(kinds, losses, distances, firmness, tolerance, maxima, torch.cat(steps))


def _examine(
    model: nn.Module,
    wide: nn.Module,
    samples: AttackedSamples,
    tolerance: float,
    path: Path,
    kinked: bool,
) -> _Examined:
    """Losses and gradients by the network in float64, products by the network itself."""
    x = samples.perturbed.detach().requires_grad_(True)
    losses = precise_losses(wide(x), samples.y)
    (gradient,) = torch.autograd.grad(losses.sum(), x)
    threat, points = samples.threat, points_at(samples, gradient)
    residuals = stationarity(gradient, samples.delta, samples.x, threat)
    rows = ((residuals <= _NEAR) | ~points.on_sphere).nonzero()[:, 0]
    dtype = next(model.parameters()).dtype
    distances, firmness = (torch.full_like(residuals, torch.nan, dtype=dtype) for _ in range(2))
    steps = torch.zeros_like(samples.x, dtype=dtype)
    up, points = points.tangent(gradient)[rows].to(dtype), points.take(rows).to(dtype)
    if len(rows):  # networks need not take empty batches
        points = with_axes(model, points)
        points, definite, distances[rows], firmness[rows], steps[rows] = _solved(
            model, points, up, threat, path
        )
        rows, points = rows[definite], points.take(definite)
    reached = distances[rows] <= tolerance
    rows, points = rows[reached], points.take(reached)
    kinds = torch.full_like(samples.y, UNCONVERGED)
    if kinked:
        kinds[_at_kink(wide, samples, gradient)] = KINK
    kind = COORDINATES if threat.norm == "linf" else INTERIOR
    kinds[rows] = torch.where(points.on_sphere, SPHERE, kind)
    return _Examined(kinds, losses.detach().to(dtype), distances, firmness, points, steps[rows])


def _solved(
    model: nn.Module, points: Maxima, up: Tensor, threat: ThreatModel, path: Path
) -> tuple[Maxima, Tensor, Tensor, Tensor, Tensor]:
    r"""Points with K's diagonal, whether K is positive definite (n,) bool, distances (n,), firmness
    (n,), steps (n, ...).

    While conjugate gradients meet positive curvature alone, their residual polynomial
    \prod (1 - lambda / theta) is at least 1 at every eigenvalue lambda <= 0 (the Ritz values theta
    are positive). So the residual cannot fall below the share that such an eigenvector has in a
    random right-hand side, about 1 / sqrt(d): convergence far below that certifies K.
    Samples that 300 products do not decide count as not definite.
    """
    x = points.x.detach().requires_grad_(True)
    with path.building(model):
        (slope,) = gradient_graph(precise_losses(model(x), points.y).sum(), [x])
    points = with_diagonal(points, slope, x)

    def matrix(v: Tensor) -> Tensor:
        return points.matrix(v, slope, x)

    def solve(b: Tensor, tolerance: float) -> CGSolution:
        return conjugate_gradients(matrix, points.preconditioner, b, tolerance, _PRODUCTS)

    generator = torch.Generator(x.device).manual_seed(0)
    draw = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    start = points.tangent(draw)
    certificate = solve(start, _CERTIFICATE)
    definite = certificate.converged & ~certificate.negative
    mean = _quotient(matrix, start)
    u = certificate.x
    for _ in range(_ROUNDS - 1):
        u = solve(_unit(u), _SOLVED).x
    scale = torch.where(points.on_sphere, points.mu, mean)
    held = ~(points.tangent(torch.ones_like(draw)) != 0).any(dim=1)
    firmness = torch.where(held, 1.0, _quotient(matrix, u) / scale)
    steps = solve(up, _SOLVED).x.view_as(x)
    away = distance(steps, threat)
    return (
        points,
        definite,
        torch.where(definite, away, torch.nan),
        torch.where(definite, firmness, torch.nan),
        steps,
    )


def _unit(v: Tensor) -> Tensor:
    size = torch.linalg.vector_norm(v, dim=1, keepdim=True)
    return v / torch.where(size > 0, size, 1.0)


def _quotient(matrix: Rows, v: Tensor) -> Tensor:
    """Rayleigh quotients (n,); 0 of vectors that are 0."""
    unit = _unit(v)
    return (unit * matrix(unit)).sum(dim=1)


@torch.no_grad()
def _at_kink(model: nn.Module, samples: AttackedSamples, gradient: Tensor) -> Tensor:
    """Whether the loss does not rise along its gradient, (n,) bool."""
    damping = torch.full_like(samples.x.flatten(1)[:, 0], _SHORT)
    aim = samples.threat.damped_maximiser(gradient, samples.delta, samples.x, damping)
    heights = [
        logit_gaps(model(noisy), samples.y).logsumexp(dim=1)
        for noisy in (samples.perturbed, samples.x + aim)
    ]
    return heights[1] <= heights[0]
