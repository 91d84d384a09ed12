"""Bring an attack's outcome to the maximum it is near, by first derivatives alone."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from advscape.attacks.kkt import stationarity
from advscape.attacks.samples import AttackedSamples
from advscape.losses import logit_gaps
from advscape.machine.memory import MicroBatch
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel

#: damping at which a step is a millionth of epsilon: a sample that needs it sits at a kink
STUCK = 1e6


@dataclass(frozen=True)
class Refined:
    """Outcome of :func:`refine`.

    Attributes:
        perturbed: (n, ...) inputs, detached.
        residuals: (n,) as of :func:`advscape.attacks.kkt.stationarity`.
        steps: (n,) int64 gradients that each sample took.
        damping: (n,) k of each sample's next step.
        losses: (n,) there, those of :func:`advscape.losses.precise_losses`.
        converged: (n,) bool, whether the residual is at most the tolerance.
    """

    perturbed: Tensor
    residuals: Tensor
    steps: Tensor
    damping: Tensor
    losses: Tensor
    converged: Tensor


@dataclass
class _State:
    """Where some samples are: delta and, there, height, its rounding error, slope, residual."""

    delta: Tensor
    height: Tensor
    rounding: Tensor
    gradient: Tensor
    residual: Tensor

    def take(self, rows: Tensor) -> "_State":
        return _State(*(value[rows] for value in vars(self).values()))

    def put(self, rows: Tensor, other: "_State") -> None:
        for name, value in vars(self).items():
            value[rows] = getattr(other, name)


def refine(
    model: nn.Module,
    samples: AttackedSamples,
    steps: int,
    tolerance: float,
    batch_size: int | None = None,
    damping: Tensor | None = None,
) -> Refined:
    r"""Climb until each sample's residual is at most the tolerance.

    Steps of gradient ascent never settle while their length is fixed. Here delta becomes the
    maximiser of the linearised loss less a pull towards where it is
    (:meth:`advscape.threat.ThreatModel.damped_maximiser`). On the sphere that is the perturbation
    along which g + k mu delta rises most, with the gradient g at delta and mu = \|g\| / epsilon:
    without damping (k = 0) epsilon g / \|g\|. At a strict maximum there the error along an
    eigenvector of the loss's Hessian on the tangent space shrinks by
    (lambda + k mu) / (mu + k mu) a step, lambda < mu its eigenvalue. Where lambda < -mu that takes
    damping: k, each sample's own, grows when a step is no gain and falls when it is.

    What climbs is log(exp(loss) - 1): the same maxima, but no saturation, so that samples of high
    confidence converge in float32 too. At a maximum on a kink of a ReLU network the residual is not
    0 and ever shorter steps are refused: such samples are given up. So are maxima inside an L2 ball
    once the steps are a millionth of epsilon.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        samples: attacked with an epsilon above 0.
        steps: gradients a sample may take.
        tolerance: wanted residual; about 1e-5 is float32's floor on small images.
        batch_size: samples that go through the model at once, all unless given; fewer where memory
            does not hold them.
        damping: (n,) k to begin with, as an earlier call left it; 0 unless given.

    Raises:
        ValueError: epsilon is 0.
    """
    if samples.threat.epsilon == 0:
        raise ValueError(f"threat: got {samples.threat}; allowed: epsilon above 0")
    samples = samples.detached()
    if damping is None:
        damping = samples.x.new_zeros(len(samples))

    def climb(size: int) -> list[tuple[Tensor, ...]]:
        parts = zip(samples.split(size), damping.split(size), strict=True)
        return [_climb(model, part, steps, tolerance, k) for part, k in parts]

    with untouched(model):
        done = MicroBatch(batch_size or len(samples)).run(climb)
    columns = (torch.cat(pieces) for pieces in zip(*done, strict=True))
    whole, residuals, used, left, heights = columns
    return Refined(
        whole, residuals, used, left, functional.softplus(heights), residuals <= tolerance
    )


def _climb(
    model: nn.Module, samples: AttackedSamples, steps: int, tolerance: float, damping: Tensor
) -> tuple[Tensor, ...]:
    x, y, threat = samples.x, samples.y, samples.threat
    here = _look(model, x, samples.delta, y, threat)
    damping, used = damping.clone(), torch.ones_like(y)
    for _ in range(steps - 1):
        rows = ((here.residual > tolerance) & (damping < STUCK)).nonzero()[:, 0]
        if not len(rows):
            break
        old = here.take(rows)
        aim = threat.damped_maximiser(old.gradient, old.delta, x[rows], damping[rows])
        # the noise is what is left of x + delta after rounding, so that residuals are the caller's
        new = _look(model, x[rows], (x[rows] + aim) - x[rows], y[rows], threat)
        used[rows] += 1
        better = _better(old, new)
        damping[rows] = torch.where(better, damping[rows] / 2, 2 * damping[rows] + 1)
        here.put(rows[better], new.take(better))
    return x + here.delta, here.residual, used, damping, here.height


def _look(model: nn.Module, x: Tensor, delta: Tensor, y: Tensor, threat: ThreatModel) -> _State:
    noisy = (x + delta).requires_grad_(True)
    outputs = model(noisy)
    height = logit_gaps(outputs, y).logsumexp(dim=1)
    (gradient,) = torch.autograd.grad(height.sum(), noisy)
    scale = 1 + outputs.detach().abs().amax(dim=1)
    rounding = 32 * torch.finfo(scale.dtype).eps * scale
    residual = stationarity(gradient, delta, x, threat)
    return _State(delta, height.detach(), rounding, gradient, residual)


def _better(old: _State, new: _State) -> Tensor:
    """Whether a step is kept: (n,) bool. Where heights differ by rounding, residuals decide."""
    rise = new.height - old.height
    level = rise.abs() <= old.rounding
    return torch.where(level, new.residual < old.residual, rise > 0)
