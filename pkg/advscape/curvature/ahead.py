"""What the rest of the way to the maxima can change in a response."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from advscape.attacks.samples import AttackedSamples
from advscape.curvature.krylov import dots
from advscape.curvature.maxima import Maxima, points_at, with_axes
from advscape.curvature.newton import retracted
from advscape.curvature.optimality import Optimality
from advscape.curvature.products import Products
from advscape.losses import precise_losses
from advscape.models.untouched import untouched

#: vectors by which the change of a trace is told
_TOLD_BY = 2


def step_ahead(
    model: nn.Module, samples: AttackedSamples, found: Optimality, batch_size: int
) -> Maxima:
    """The valid maxima, each moved by the Newton step that is left to it.

    Args:
        model: used in eval mode and left as it was.
        samples: all samples, attacked.
        found: their optimality.
        batch_size: samples that go through the model at once.
    """
    valid = samples.detached().take(found.valid)
    maxima, threat = found.maxima, samples.threat
    moved = retracted(valid.delta + found.steps, maxima.free, maxima.on_sphere, valid.x, threat)
    further = AttackedSamples(valid.x, valid.x + moved, valid.y, threat)
    parts = []
    with untouched(model):
        for part in further.split(batch_size):
            x = part.perturbed.requires_grad_(True)
            (gradient,) = torch.autograd.grad(precise_losses(model(x), part.y).sum(), x)
            parts.append(with_axes(model, points_at(part.detached(), gradient)))
    # of the points that these are a step from: it only speeds up
    return replace(Maxima.join(parts), diagonal=maxima.diagonal)


def change(here: Products, there: Products, vectors: Sequence[Tensor]) -> float:
    """The mean over vectors of v . (H' - H) v, without its sign."""
    forms = [[float(dots(v[None], operator @ v)[0]) for v in vectors] for operator in (here, there)]
    moved: float = abs(sum(forms[1]) - sum(forms[0]))
    return moved / len(vectors)


def trace_change(here: Products, there: Products, generator: torch.Generator) -> float:
    """The same of the trace, by a few random signs."""
    return change(here, there, [here.signs(generator) for _ in range(_TOLD_BY)])
