"""Maxima to the last digits: projected Newton steps, for all samples of a batch at once."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advscape.attacks.samples import AttackedSamples
from advscape.curvature.conjugate_gradients import conjugate_gradients
from advscape.curvature.float64 import in_float64
from advscape.curvature.graph import gradient_graph
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.maxima import Maxima, points_at, with_diagonal
from advscape.curvature.paths import Path
from advscape.curvature.proof import proven_path
from advscape.losses import gap_losses, logit_gaps
from advscape.machine.memory import MicroBatch
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel, lengths

#: relative residual of a step's system, and most products with K for it
_INEXACT, _PRODUCTS = 1e-2, 60
#: length of a leap, over epsilon
_LEAP = 0.5
#: share of a step at which a sample is given up
_SHORTEST = 1e-3
#: units of rounding of the height below which it says nothing
_ROUNDING = 2


@dataclass(frozen=True)
class Polished:
    """Outcome of :func:`polish`.

    Attributes:
        perturbed: (n, ...) inputs, detached.
        distances: (n,) length of the step that is left, over epsilon.
    """

    perturbed: Tensor
    distances: Tensor


@dataclass
class _State:
    """Where some samples are, and their next steps.

    Attributes:
        delta: (n, ...).
        height: (n,) log(exp(loss) - 1), which saturates nowhere.
        rounding: (n,) of the height.
        step: (n, ...), towards the maximum.
        distance: (n,) its length over epsilon.
        free: (n, d) 1 at pixels that move.
        on_sphere: (n,) bool, whether the step is along the sphere.
    """

    delta: Tensor
    height: Tensor
    rounding: Tensor
    step: Tensor
    distance: Tensor
    free: Tensor
    on_sphere: Tensor

    def take(self, rows: Tensor) -> "_State":
        return _State(*(value[rows] for value in vars(self).values()))

    def put(self, rows: Tensor, other: "_State") -> None:
        for name, value in vars(self).items():
            value[rows] = getattr(other, name)


def polish(
    model: nn.Module,
    samples: AttackedSamples,
    steps: int,
    tolerance: float,
    batch_size: int,
) -> Polished:
    r"""Go from near a maximum to it, by Newton steps K^-1 P g of the free pixels.

    K and P are those of :mod:`advscape.curvature.maxima`; the pixels that are held are found again
    at each step (Bertsekas, SIAM J. Control Optim. 20, 1982). Systems are solved by conjugate
    gradients, which where K is not positive definite end with a direction along which the loss
    bends upwards; it is followed (Steihaug, SIAM J. Numer. Anal. 20, 1983). A step that is no gain
    is tried at a quarter of its length. Samples at which that does not help, as at a kink, stay as
    they were.

    Losses and gradients are in float64, see :func:`advscape.curvature.float64.in_float64`: where a
    maximum is flat float32 cannot tell a gain, and gives up most samples with Linf noise. Products
    with K, which are nearly all of the cost, need not be exact.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        samples: attacked with an epsilon above 0.
        steps: Newton steps a sample may take.
        tolerance: of the step that is left, over epsilon.
        batch_size: samples that go through the model at once.

    Raises:
        UnprovenHessian: second derivatives cannot be shown to be right.
    """
    samples = samples.detached()
    path = proven_path(HessianOperator(model, samples.perturbed, samples.y, batch_size))
    wide, here = in_float64(model, samples)

    def climb(size: int) -> list[tuple[Tensor, Tensor]]:
        return [_climb(model, wide, part, steps, tolerance, path) for part in here.split(size)]

    with untouched(model):
        done = MicroBatch(batch_size).run(climb)
    perturbed, distances = (torch.cat(pieces).to(samples.x) for pieces in zip(*done, strict=True))
    return Polished(perturbed, distances)


def distance(step: Tensor, threat: ThreatModel) -> Tensor:
    """Length (n,) of steps (n, ...) in the threat's norm, over epsilon."""
    if threat.norm == "linf":
        return step.flatten(1).abs().amax(dim=1) / threat.epsilon
    return lengths(step) / threat.epsilon


def _climb(
    model: nn.Module,
    wide: nn.Module,
    samples: AttackedSamples,
    steps: int,
    tolerance: float,
    path: Path,
) -> tuple[Tensor, Tensor]:
    x, threat = samples.x, samples.threat
    here = _look(model, wide, samples, path)
    share = torch.ones_like(here.distance)
    for _ in range(steps):
        rows = ((here.distance > tolerance) & (share > _SHORTEST)).nonzero()[:, 0]
        if not len(rows):
            break
        old, at = here.take(rows), samples.take(rows)
        step = old.step * share[rows].view(-1, *[1] * (x.ndim - 1))
        moved = retracted(old.delta + step, old.free, old.on_sphere, at.x, threat)
        new = _look(model, wide, AttackedSamples(at.x, at.x + moved, at.y, threat), path)
        rise, lower = new.height - old.height, new.distance < old.distance
        level = rise.abs() <= old.rounding
        better = torch.where(level, lower, rise > 0)
        # where heights are equal but for rounding and the distance falls no more, this is the end
        shorter = torch.where(level, 0.0, share[rows] / 4)
        share[rows] = torch.where(better, 1.0, shorter)
        here.put(rows[better], new.take(better))
    return x + here.delta, here.distance


def _look(model: nn.Module, wide: nn.Module, samples: AttackedSamples, path: Path) -> _State:
    """Heights and gradients by the network in float64, products by the network itself."""
    x = samples.perturbed.detach().requires_grad_(True)
    outputs = wide(x)
    gaps = logit_gaps(outputs, samples.y)
    (gradient,) = torch.autograd.grad(gap_losses(gaps).sum(), x)
    points = points_at(samples, gradient)
    step = _step(model, points, points.tangent(gradient), samples.threat, path)
    height = gaps.detach().logsumexp(dim=1)
    rounding = _ROUNDING * torch.finfo(height.dtype).eps * (1 + outputs.detach().abs().amax(dim=1))
    away = distance(step, samples.threat)
    return _State(samples.delta, height, rounding, step, away, points.free, points.on_sphere)


def _step(model: nn.Module, points: Maxima, up: Tensor, threat: ThreatModel, path: Path) -> Tensor:
    """Newton's step, and where the loss bends upwards a leap along that: shape of the inputs."""
    low = points.to(next(model.parameters()).dtype)
    x = low.x.detach().requires_grad_(True)
    with path.building(model):
        (slope,) = gradient_graph(gap_losses(logit_gaps(model(x), low.y)).sum(), [x])
    low = with_diagonal(low, slope, x)
    solution = conjugate_gradients(
        lambda v: low.matrix(v, slope, x), low.preconditioner, up.to(x), _INEXACT, _PRODUCTS
    )
    away = distance(solution.direction, threat)
    leap = solution.direction / torch.where(away > 0, away, 1.0)[:, None]
    step = solution.x + _LEAP * leap
    far = distance(step, threat).clamp_min(1.0)
    return (step / far[:, None]).to(up).view_as(points.x)


def retracted(
    delta: Tensor, free: Tensor, on_sphere: Tensor, x: Tensor, threat: ThreatModel
) -> Tensor:
    """Moved perturbations back in the set; those on the sphere stay there, by their free pixels.

    Args:
        delta: (n, ...) perturbations after a step.
        free: (n, d) 1 at pixels that the step moved.
        on_sphere: (n,) bool.
        x: (n, ...) clean inputs.
        threat: the set.
    """
    if threat.norm == "linf":
        return threat.project(delta, x)
    lifted = delta.flatten(1)
    for _ in range(3):  # pixels that reach the box leave the others a little more of the length
        left = threat.epsilon**2 - (lifted * (1 - free)).square().sum(1, keepdim=True)
        moving = (lifted * free).square().sum(1, keepdim=True)
        scale = (left.clamp_min(0) / moving.clamp_min(torch.finfo(moving.dtype).tiny)).sqrt()
        lifted = torch.where(on_sphere[:, None] & (free > 0), lifted * scale, lifted)
        cut = threat.project(lifted.view_as(delta), x).flatten(1) if threat.box else lifted
        free, lifted = free * (cut == lifted), cut
    return threat.project(lifted.view_as(delta), x)
