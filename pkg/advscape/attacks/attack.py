"""What every attack is: a function that perturbs a batch."""

from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from advscape.threat import ThreatModel


class Attack(Protocol):
    """Perturbs the inputs of one batch within a threat model."""

    @property
    def threat(self) -> ThreatModel:
        """The set of perturbations."""

    def __call__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator,
        batch_norm: Literal["eval", "train"] = "eval",
        micro: int | None = None,
    ) -> Tensor:
        """Attack one batch.

        Args:
            model: gives (n, classes) logits; left as it was, also after an error.
            x: (n, ...) inputs in [0, 1].
            y: (n,) labels.
            generator: of all draws.
            batch_norm: see :func:`advscape.models.untouched.untouched`.
            micro: samples that go through the model at once, all unless given.

        Returns:
            Perturbed inputs, detached, shape and dtype of ``x``.
        """
