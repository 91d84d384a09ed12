"""Random noise of the largest length: the control that knows nothing of the model."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from advscape.threat import ThreatModel


@dataclass(frozen=True)
class RandomNoise:
    """A fresh draw at every call: from the sphere of radius epsilon (L2), or its corners (Linf).

    Attributes:
        threat: the set of perturbations; its box, if it has one, shortens them.
    """

    threat: ThreatModel

    def __call__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator,
        batch_norm: Literal["eval", "train"] = "eval",
        micro: int | None = None,
    ) -> Tensor:
        """Perturb one batch; arguments as of :class:`advscape.attacks.pgd.PGD`.

        Returns:
            Perturbed inputs, detached, shape and dtype of ``x``.
        """
        return (x + self.threat.random_extreme(x, generator)).detach()
