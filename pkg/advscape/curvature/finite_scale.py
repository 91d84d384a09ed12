r"""The largest curvature of the adversarial loss at a finite scale: kinks or not, any threat.

Where maxima sit at kinks, as most do in deep ReLU networks, the adversarial loss has no response to
measure and the frozen Hessian jumps: what it is between two kinks is not the limit of anything that
one sees at a scale. Over a radius r the second difference along a unit vector v still has a value,

.. math:: q_r(v) = \frac{L(w + r v) - 2 L(w) + L(w - r v)}{r^2},

with L the mean loss under an attack that is run again at each of the three points, or at inputs
held as they are (frozen). Where the Hessian exists q_r(v) goes to v . H v with r. By Danskin's
theorem the gradient of q_r over v is (g(w + r v) - g(w - r v)) / r, with g the gradient of the loss
at its own maxima: what it takes to climb over directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.climb import Climb
from advscape.losses import precise_losses
from advscape.machine.memory import MicroBatch
from advscape.models.flat import flattened
from advscape.models.restored import moved, trained
from advscape.models.untouched import differentiable, untouched

#: what a forward pass costs, in gradients
_FORWARD = 1 / 3
#: steps of the climb whose gain is told
_LAST = 2


@dataclass(frozen=True)
class Search:
    """How directions and maxima are looked for.

    Attributes:
        steps: directions that are tried, the start included.
        attack_steps: gradients that a sample takes at each of them, from where it was.
        final_steps: the same at the last one, for what is missing still.
    """

    steps: int
    attack_steps: int
    final_steps: int


@dataclass(frozen=True)
class ScaleCurvature:
    """The largest second difference that was found, a lower bound over directions.

    Attributes:
        value: q of ``direction``, a mean over samples.
        stderr: its standard error over the samples.
        start: q of the start's direction.
        gain: what the last two steps added to ``value``.
        direction: (dim,) of length 1.
        centre_missing: 2 / r^2 of the loss that more steps and a restart still found at w: so much
            less q became by them, and so much it may be too large.
        ends_missing: the same at w + r v and w - r v, by which q may be too small.
        gradients: gradients of the loss that it took, forward passes as a third of one.
    """

    value: float
    stderr: float
    start: float
    gain: float
    direction: Tensor
    centre_missing: float
    ends_missing: float
    gradients: float


def largest_curvature(
    model: nn.Module,
    samples: AttackedSamples,
    start: Tensor,
    radius: float,
    search: Search,
    batch_size: int,
    *,
    frozen: bool = False,
    parameters: Sequence[nn.Parameter] | None = None,
    generator: torch.Generator | None = None,
) -> ScaleCurvature:
    """Climb over directions, from a start.

    An attack that is further converged at w + r v and w - r v than at w would add twice the loss
    that it lacks at w, over r^2. So maxima are shared: each point begins with the best of what all
    three have, and w takes over what the others found. What is still missing is measured at the
    end, at w by more steps and from a random start, at the other two by more steps, and the value
    is that with all of it.

    Args:
        model: gives (n, classes) logits; used in eval mode. Its weights are moved in place and
            given back bit for bit, also after an error.
        samples: attacked at the weights as they are.
        start: (dim,) over the parameters, not 0.
        radius: r, above 0, in units of the weights.
        search: how.
        batch_size: samples that go through the model at once.
        frozen: hold the inputs; an epsilon of 0 does too.
        parameters: those moved; all that require gradients unless given.
        generator: of the random start; seeded with 0 unless given.

    Raises:
        ValueError: the radius is not above 0.
    """
    if not radius > 0:
        raise ValueError(f"radius: got {radius}; allowed: a number above 0")
    held = frozen or samples.threat.epsilon == 0
    chosen = list(parameters or trained(model))
    stencil = _Stencil(model, samples.detached(), radius, search, batch_size, chosen, held)
    direction = start.to(flattened(chosen)) / start.norm()
    # directions are told apart by their ends alone: the loss at w is the same for all of them,
    # and what is known of it grows on the way
    heights: list[float] = []
    climb = Climb()
    for step in range(search.steps):
        last = step + 1 == search.steps
        seen, slope = stencil.look(direction, with_slope=not last)
        if not heights or seen.height > heights[-1]:
            best = seen
        heights.append(best.height)
        climb.add(direction, seen.height, slope / (2 * radius))
        if last:
            break
        direction = climb.propose()
        if not bool(direction.any()):
            break
    return stencil.finished(best, heights, generator)


@dataclass(frozen=True)
class _Ends:
    """What was found at w + r v and w - r v: the inputs, their damping and losses (n,)."""

    direction: Tensor
    inputs: list[Tensor]
    damping: list[Tensor]
    losses: tuple[Tensor, Tensor]

    @property
    def height(self) -> float:
        """The sum of the two mean losses."""
        return float(self.losses[0].mean() + self.losses[1].mean())


class _Stencil:
    """The loss at w, w + r v and w - r v, and the inputs at which it is so large."""

    def __init__(
        self,
        model: nn.Module,
        samples: AttackedSamples,
        radius: float,
        search: Search,
        batch_size: int,
        parameters: list[nn.Parameter],
        held: bool,
    ):
        self._model, self._samples, self._radius = model, samples, radius
        self._search, self._parameters, self._held = search, parameters, held
        self._micro = MicroBatch(min(batch_size, len(samples)))
        #: perturbed inputs at w, w + r v and w - r v, and the damping of their next steps
        self._inputs = [samples.perturbed] * 3
        self._damping = [samples.x.new_zeros(len(samples))] * 3
        self._every = torch.arange(len(samples), device=samples.x.device)
        self._passes = 0.0
        self._centre = self._losses(samples.perturbed)

    def look(self, direction: Tensor, *, with_slope: bool) -> tuple[_Ends, Tensor]:
        """What is found along a direction (dim,), and the difference of the gradients there."""
        losses, slopes = self._climbed(direction, self._search.attack_steps, with_slope=with_slope)
        self._share()
        slope = slopes[0] - slopes[1] if with_slope else torch.zeros_like(direction)
        return _Ends(direction, self._inputs[1:], self._damping[1:], losses), slope

    def finished(
        self, best: _Ends, heights: list[float], generator: torch.Generator | None
    ) -> ScaleCurvature:
        """The best direction's value, with what its maxima still lacked.

        Args:
            best: what was found along it.
            heights: the largest heights after each direction.
            generator: of the random start.
        """
        ends, centre, scale = best.losses, self._centre, self._radius**2
        start, gain = heights[0] - 2 * float(centre.mean()), heights[-1] - heights[-1 - _LAST :][0]
        if not self._held:
            steps = self._search.final_steps
            self._inputs[1:], self._damping[1:] = best.inputs, best.damping
            self._restart(steps, generator)
            ends, _ = self._climbed(best.direction, steps, with_slope=False)
            self._share()
        samples = (ends[0] - 2 * self._centre + ends[1]) / scale
        outside = float(ends[0].mean() + ends[1].mean()) - best.height
        inside = float(self._centre.mean() - centre.mean())
        value, stderr = float(samples.mean()), float(samples.std()) / len(samples) ** 0.5
        return ScaleCurvature(
            value, stderr, start / scale, gain / scale, best.direction,
            2 * inside / scale, outside / scale, self._passes,
        )  # fmt: skip

    def _climbed(
        self, direction: Tensor, steps: int, *, with_slope: bool
    ) -> tuple[tuple[Tensor, Tensor], list[Tensor]]:
        """Losses (n,) at both ends, with their inputs brought forward, and gradients (dim,)."""
        losses, slopes = [], []
        for point, sign in ((1, 1), (2, -1)):
            with moved(self._parameters, sign * self._radius * direction):
                if self._held:
                    losses.append(self._losses(self._inputs[point]))
                else:
                    self._take_best(point, [0, point])
                    losses.append(self._refine(point, self._every, steps))
                if with_slope:
                    slopes.append(self._slope(self._inputs[point]))
        return (losses[0], losses[1]), slopes

    def _refine(self, point: int, rows: Tensor, steps: int) -> Tensor:
        """Climb on from some of a point's inputs; losses there, float64."""
        part = replace(self._samples, perturbed=self._inputs[point]).take(rows)
        found = refine(self._model, part, steps, 0.0, self._micro.size, self._damping[point][rows])
        self._passes += steps * len(rows) / len(self._samples)
        self._inputs[point] = self._inputs[point].index_copy(0, rows, found.perturbed)
        self._damping[point] = self._damping[point].index_copy(0, rows, found.damping)
        return found.losses.double()

    def _take_best(self, point: int, candidates: list[int]) -> Tensor:
        """Give a point the best of some points' inputs, sample by sample; their losses (n,)."""
        losses = torch.stack([self._losses(self._inputs[other]) for other in candidates])
        values, places = losses.max(dim=0)
        for kept in (self._inputs, self._damping):
            kept[point] = torch.stack([kept[other] for other in candidates])[places, self._every]
        return values

    def _share(self) -> None:
        """Let w have what the other two points found, and climb on where that is more."""
        if self._held:
            return
        found = self._take_best(0, [0, 1, 2])
        rows = (found > self._centre).nonzero()[:, 0]
        self._centre = found
        if len(rows):
            climbed = self._refine(0, rows, self._search.attack_steps)
            self._centre = self._centre.index_copy(0, rows, climbed)

    def _restart(self, steps: int, generator: torch.Generator | None) -> None:
        """Try w with more steps, and from a random start."""
        samples = self._samples
        generator = generator or torch.Generator(samples.x.device).manual_seed(0)
        self._damping[0] = torch.zeros_like(self._damping[0])
        self._centre = self._refine(0, self._every, steps)
        start = samples.x + samples.threat.random_start(samples.x, generator)
        again = refine(self._model, replace(samples, perturbed=start), steps, 0.0, self._micro.size)
        self._passes += steps
        better = again.losses.double() > self._centre
        shaped = better.view(-1, *[1] * (start.ndim - 1))
        self._inputs[0] = torch.where(shaped, again.perturbed, self._inputs[0])
        self._damping[0] = torch.where(better, again.damping, self._damping[0])
        self._centre = torch.where(better, again.losses.double(), self._centre)

    @torch.no_grad()
    def _losses(self, inputs: Tensor) -> Tensor:
        """(n,) float64 at the weights as they are."""
        self._passes += _FORWARD

        def all_of(size: int) -> Tensor:
            parts = zip(inputs.split(size), self._samples.y.split(size), strict=True)
            return torch.cat([precise_losses(self._model(x), y) for x, y in parts])

        with untouched(self._model):
            return self._micro.run(all_of).double()

    def _slope(self, inputs: Tensor) -> Tensor:
        """Gradient (dim,) of the mean loss at the weights as they are."""
        self._passes += 1

        def summed(size: int) -> Tensor:
            total = torch.zeros_like(flattened(self._parameters))
            for x, y in zip(inputs.split(size), self._samples.y.split(size), strict=True):
                loss = precise_losses(self._model(x), y).sum()
                total += flattened(
                    torch.autograd.grad(loss, self._parameters, materialize_grads=True)
                )
            return total / len(self._samples)

        with differentiable(self._model, self._parameters):
            return self._micro.run(summed)
