r"""Curvature of the adversarial loss at a finite scale: second differences of the attacked loss.

Where maxima sit at kinks, as most do in deep ReLU networks, the adversarial loss has no response
to measure and the frozen Hessian jumps. What it is like over a radius r still has an answer along
single directions,

.. math:: \frac{L(w + r d) - 2 L(w) + L(w - r d)}{r^2},

with the attack run again at each of the three points (total) or its noise held (frozen). As r goes
to 0 these go to d . H d where the Hessian exists.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advscape.losses import precise_losses
from advscape.models.flat import flattened
from advscape.models.restored import moved, trained
from advscape.models.untouched import untouched

#: from a model, perturbed inputs to start at and their rows among the samples to perturbed inputs
AttackAgain = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class FiniteScale:
    """Second differences along k directions, means over n samples.

    Attributes:
        total: (k,) float64, the attack run again.
        frozen: (k,) float64, the noise held.
        total_stderr: (k,) standard errors of the means over samples.
        frozen_stderr: (k,) the same with the noise held.
        radius: length r of the steps.
    """

    total: Tensor
    frozen: Tensor
    total_stderr: Tensor
    frozen_stderr: Tensor
    radius: float


def finite_scale(
    model: nn.Module,
    perturbed: Tensor,
    y: Tensor,
    attack: AttackAgain,
    directions: Tensor,
    radius: float,
    batch_size: int,
    parameters: Sequence[nn.Parameter] | None = None,
    loss: Callable[[Tensor, Tensor], Tensor] = precise_losses,
) -> FiniteScale:
    """Second differences along weight directions, total beside frozen.

    The attack starts at the given outcome, so that all three points follow the same maximum. It
    climbs at the centre too, so that what an unfinished attack still gains cancels in part.
    Losses are summed in float64; their own rounding is multiplied by 4 / r^2.

    Args:
        model: gives (n, classes) logits; used in eval mode. Its weights are moved in place and
            given back bit for bit, also after an error.
        perturbed: (n, ...) the attack's outcome at the weights as they are.
        y: (n,) labels.
        attack: re-attacks a batch; called with the model, the batch's perturbed inputs and its
            rows (integers into the n samples).
        directions: (dim, k) over the parameters; each is scaled to length 1.
        radius: r, above 0, in units of the weights.
        batch_size: samples that go through the model at once.
        parameters: those moved; all that require gradients unless given.
        loss: of outputs and labels, (n,).

    Raises:
        ValueError: the radius is not above 0.
    """
    if not radius > 0:
        raise ValueError(f"radius: got {radius}; allowed: a number above 0")
    chosen = list(parameters or trained(model))

    def losses() -> Tensor:
        """(2, n) float64 at the weights as they are: attacked again, and with the noise held."""
        pieces = []
        rows = torch.arange(len(y), device=y.device)
        for batch in rows.split(batch_size):
            held = perturbed[batch]
            again = attack(model, held, batch)
            with torch.no_grad():
                pieces.append(torch.stack([loss(model(x), y[batch]) for x in (again, held)]))
        return torch.cat(pieces, dim=1).double()

    def moved_by(step: Tensor) -> Tensor:
        with moved(chosen, step):
            return losses()

    with untouched(model):
        middle, samples = losses(), []
        for direction in (directions / directions.norm(dim=0)).to(flattened(chosen)).T:
            step = radius * direction
            samples.append(moved_by(step) - 2 * middle + moved_by(-step))
    differences = torch.stack(samples) / radius**2
    total, frozen = differences.mean(dim=2).T
    total_stderr, frozen_stderr = (differences.std(dim=2) / len(y) ** 0.5).T
    return FiniteScale(total, frozen, total_stderr, frozen_stderr, radius)
