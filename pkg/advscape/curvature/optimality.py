"""Which samples of an attack's outcome are strict maxima, so that their response exists."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advscape.attacks.kkt import check_sphere, input_gradient, stationarity
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.conjugate_gradients import conjugate_gradients
from advscape.curvature.graph import gradient_graph
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.maxima import Maxima, stationary_points
from advscape.curvature.paths import Path
from advscape.curvature.proof import proven_path
from advscape.losses import precise_losses
from advscape.models.untouched import untouched

#: relative residual of the system that certifies a positive definite matrix, see :func:`_definite`
_CERTIFICATE = 1e-4


@dataclass(frozen=True)
class Optimality:
    """What :func:`attack_optimality` finds; n samples.

    Attributes:
        residuals: (n,) KKT residuals.
        tolerance: the largest that counts as stationary.
        smooth: whether the network was taken for a smooth one.
        on_sphere: (n,) bool, the noise is as long as epsilon.
        stationary: (n,) bool, the residual is at most the tolerance.
        strict: (n,) bool, the matrix K of :mod:`advscape.curvature.maxima` is positive definite;
            False where it was not formed, as on samples that fail before.
        rates: (n,) largest eigenvalue of M^T M over mu: below 1 at strict maxima of a
            piecewise-linear network, and there the attack's rate of contraction; NaN where it was
            not formed.
        maxima: the valid samples.
    """

    residuals: Tensor
    tolerance: float
    smooth: bool
    on_sphere: Tensor
    stationary: Tensor
    strict: Tensor
    rates: Tensor
    maxima: Maxima

    @property
    def valid(self) -> Tensor:
        """(n,) bool: samples that pass every test."""
        return self.on_sphere & self.stationary & self.strict

    @property
    def n_valid(self) -> int:
        """Number of valid samples."""
        return int(self.valid.sum())

    def counts(self) -> dict[str, int]:
        """Number of samples by the first test that they fail, and of the valid ones."""
        near = self.on_sphere & self.stationary
        masks = {
            "valid": self.valid,
            "off the sphere": ~self.on_sphere,
            "not stationary": self.on_sphere & ~self.stationary,
            "not a strict maximum": near & ~self.strict,
        }
        return {reason: int(mask.sum()) for reason, mask in masks.items()}


def attack_optimality(
    model: nn.Module,
    samples: AttackedSamples,
    tolerance: float,
    batch_size: int,
    *,
    smooth: bool,
) -> Optimality:
    """Test each sample: on the sphere, stationary, a strict maximum.

    For a piecewise-linear network a strict maximum has mu above the largest eigenvalue of M^T M.
    For a smooth one the second derivatives count as a whole: conjugate gradients on a random
    right-hand side must converge without meeting negative curvature.

    Interior maxima, corners of the box and samples without a gradient are off the sphere or not
    stationary; maxima at a kink of a ReLU network are not stationary. The Jacobian, and it is most
    of the cost, is formed for stationary samples alone and kept for the response.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        samples: attacked with L2, with or without a box, and an epsilon above 0.
        tolerance: largest KKT residual of a stationary point, and largest relative error of the
            noise's length.
        batch_size: samples that go through the model at once.
        smooth: False for a network that is piecewise linear in its inputs (ReLU, batch norm in
            eval mode, average or max pooling).

    Raises:
        ValueError: the threat model is another one.
        UnprovenHessian: second derivatives of a smooth network cannot be shown to be right.
    """
    check_sphere(samples.threat)
    samples, path = samples.detached(), None
    if smooth:
        path = proven_path(HessianOperator(model, samples.perturbed, samples.y, batch_size))
    with untouched(model):
        found = [_examine(model, part, tolerance, path) for part in samples.split(batch_size)]
    *columns, points = zip(*found, strict=True)
    residuals, on_sphere, stationary, strict, rates = (torch.cat(column) for column in columns)
    maxima = Maxima.join(list(points))
    return Optimality(residuals, tolerance, smooth, on_sphere, stationary, strict, rates, maxima)


def _examine(
    model: nn.Module, samples: AttackedSamples, tolerance: float, path: Path | None
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Maxima]:
    gradient = input_gradient(model, samples.perturbed, samples.y)
    delta, threat = samples.delta, samples.threat
    residuals = stationarity(gradient, delta, samples.x, threat)
    lengths = torch.linalg.vector_norm(delta.flatten(1), dim=1)
    on_sphere = (lengths / threat.epsilon - 1).abs() <= tolerance
    stationary = (residuals <= tolerance) & (gradient.flatten(1) != 0).any(dim=1)
    rows = (on_sphere & stationary).nonzero()[:, 0]
    points = stationary_points(model, samples.take(rows), gradient[rows])
    rates = torch.full_like(residuals, torch.nan)
    rates[rows] = points.strengths[:, -1] / points.mu
    definite = _definite(model, points, path) if path and len(rows) else rates[rows] < 1
    strict = torch.zeros_like(on_sphere)
    strict[rows] = definite
    return residuals, on_sphere, stationary, strict, rates, points.take(definite)


def _definite(model: nn.Module, points: Maxima, path: Path) -> Tensor:
    r"""Whether K is positive definite: (n,) bool.

    While conjugate gradients meet positive curvature alone, their residual polynomial
    \prod (1 - lambda / theta) is at least 1 at every eigenvalue lambda <= 0 (the Ritz values theta
    are positive). So the residual cannot fall below the share that such an eigenvector has in a
    random right-hand side, about 1 / sqrt(d): convergence far below that certifies K.
    Samples that 100 products do not decide count as not definite.
    """
    x = points.x.detach().requires_grad_(True)
    with path.building(model):
        (slope,) = gradient_graph(precise_losses(model(x), points.y).sum(), [x])
    generator = torch.Generator(x.device).manual_seed(0)
    draw = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    solution = conjugate_gradients(
        lambda v: points.matrix(v, slope, x),
        points.preconditioner,
        points.tangent(draw),
        _CERTIFICATE,
        max_steps=100,
    )
    return solution.converged & ~solution.negative
