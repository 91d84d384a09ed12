"""Samples and what an attack made of them."""

from dataclasses import dataclass

from torch import Tensor

from advscape.threat import ThreatModel


@dataclass(frozen=True)
class AttackedSamples:
    """n samples with the outcome of an attack.

    Attributes:
        x: (n, ...) clean inputs.
        perturbed: (n, ...) perturbed ones, in the dtype of ``x`` and where it is.
        y: (n,) labels.
        threat: the set of perturbations that the attack searched.
    """

    x: Tensor
    perturbed: Tensor
    y: Tensor
    threat: ThreatModel

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.y)

    @property
    def delta(self) -> Tensor:
        """The perturbations (n, ...)."""
        return self.perturbed - self.x

    def take(self, rows: Tensor) -> "AttackedSamples":
        """The samples at some rows."""
        return AttackedSamples(self.x[rows], self.perturbed[rows], self.y[rows], self.threat)

    def detached(self) -> "AttackedSamples":
        """The same samples without the graphs that made them."""
        return AttackedSamples(self.x.detach(), self.perturbed.detach(), self.y, self.threat)

    def split(self, size: int) -> list["AttackedSamples"]:
        """Batches of at most so many samples."""
        parts = zip(*(part.split(size) for part in (self.x, self.perturbed, self.y)), strict=True)
        return [AttackedSamples(x, perturbed, y, self.threat) for x, perturbed, y in parts]
