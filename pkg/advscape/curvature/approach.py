"""From an attack's outcome to the maxima that it is near."""

from dataclasses import replace
from typing import Protocol

from torch import nn

from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.newton import polish

#: step that is left to a maximum, over epsilon, at which it is polished no further
_POLISHED = 1e-7


class Settings(Protocol):
    """How far samples are carried: gradients, Newton steps, and the residual that is enough."""

    @property
    def refine_steps(self) -> int:
        """Gradients a sample may take to come near its maximum."""

    @property
    def polish_steps(self) -> int:
        """Newton steps that it may take from there."""

    @property
    def kkt_tol(self) -> float:
        """Residual, and distance over epsilon, at which it is there."""


def brought_to_maxima(
    model: nn.Module,
    samples: AttackedSamples,
    settings: Settings,
    batch_size: int,
    polished: bool = True,
) -> AttackedSamples:
    """The samples at the maxima that they are near: by gradients, then by Newton's steps.

    Args:
        model: gives (n, classes) logits; left as it was.
        samples: attacked with an epsilon above 0.
        settings: how far.
        batch_size: samples that go through the model at once.
        polished: whether by Newton's steps too, which need second derivatives.

    Raises:
        UnprovenHessian: these are wanted, and cannot be shown to be right.
    """
    climbed = refine(model, samples, settings.refine_steps, settings.kkt_tol, batch_size)
    samples = replace(samples, perturbed=climbed.perturbed)
    if not polished:
        return samples
    further = polish(model, samples, settings.polish_steps, _POLISHED, batch_size)
    return replace(samples, perturbed=further.perturbed)
