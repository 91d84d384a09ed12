"""The attack of an adversarial loss, without the threat model, which is the loss's own."""

from dataclasses import dataclass

from advscape.attacks import pgd
from advscape.interface.arguments import number, whole
from advscape.threat import ThreatModel


@dataclass(frozen=True, kw_only=True)
class PGD:
    """Projected gradient descent (Madry et al. 2018, arXiv 1706.06083).

    Attributes:
        steps: gradient steps.
        relative_step: step size as a multiple of epsilon / steps.
        restarts: how often it starts; each sample keeps its worst outcome.
        random_start: start uniformly in the ball, else at the clean input.

    Raises:
        ValueError: an argument is out of its range.
    """

    steps: int = 20
    relative_step: float = 2.5
    restarts: int = 1
    random_start: bool = True

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        whole("steps", self.steps, 1)
        whole("restarts", self.restarts, 1)
        number("relative_step", self.relative_step)

    def _within(self, threat: ThreatModel) -> pgd.PGD:
        return pgd.pgd(threat, self.steps, self.relative_step, self.restarts, self.random_start)
