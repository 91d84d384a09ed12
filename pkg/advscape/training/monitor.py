"""Robust accuracy between epochs, on samples that are not trained on."""

from dataclasses import dataclass

from torch import Tensor, nn

from advscape.attacks.attack import Attack
from advscape.attacks.perturb import perturb
from advscape.evaluation.evaluate import score


@dataclass(frozen=True)
class Monitor:
    """What is measured, and how often.

    Attributes:
        parts: name of a split -> its inputs (n, ...) and labels (n,).
        attack: the attack; the model is in eval mode.
        seed: of the attack, the same at every measurement.
        every: epochs between measurements; the last one is measured in any case.
        batch_size: samples per pass.
        bfloat16: let the attack's gradients be taken in bfloat16.
    """

    parts: dict[str, tuple[Tensor, Tensor]]
    attack: Attack
    seed: int
    every: int
    batch_size: int
    bfloat16: bool = False

    def is_due(self, epoch: int, epochs: int) -> bool:
        """Whether to measure after an epoch, counted from 0, of so many."""
        return (epoch + 1) % self.every == 0 or epoch + 1 == epochs

    def measure(self, model: nn.Module) -> dict[str, float]:
        """Loss and accuracy of each split under attack: ``<split>_loss``, ``<split>_accuracy``."""
        found: dict[str, float] = {}
        for split, (x, y) in self.parts.items():
            perturbed = perturb(model, x, y, self.attack, self.seed, self.batch_size, self.bfloat16)
            result = score(model, perturbed, y, self.batch_size)
            found |= {f"{split}_loss": result.loss, f"{split}_accuracy": result.accuracy}
        return found
