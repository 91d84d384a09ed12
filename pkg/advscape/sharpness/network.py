"""What every measure of sharpness starts from, and what it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from advscape.attacks.pgd import PGD
from advscape.models.restored import trained
from advscape.sharpness.estimate import Sharpness
from advscape.sharpness.fixed_inputs import FixedInputs


@dataclass(frozen=True)
class TrainedNetwork:
    """A network at its trained weights, and samples on its device.

    Attributes:
        model: gives (n, classes) logits; a measure leaves it as it was.
        x: (n, ...) clean inputs.
        y: (n,) labels.
        perturbed: (n, ...) inputs of the adversarial loss, attacked at the trained weights.
        attack: what they were attacked with, to attack again at other weights.
        attack_seed: of its draws.
        losses: which of "clean" and "adversarial" are asked for.
        batch_size: samples that go through the model at once.
        generator: makes the random stream of a name, the same for every run of an experiment, so
            that differences between runs are paired.
    """

    model: nn.Module
    x: Tensor
    y: Tensor
    perturbed: Tensor
    attack: PGD
    attack_seed: int
    losses: tuple[str, ...]
    batch_size: int
    generator: Callable[[str], torch.Generator]

    @cached_property
    def parameters(self) -> list[nn.Parameter]:
        """Those that are trained, which all measures move."""
        return trained(self.model)

    @cached_property
    def inputs(self) -> dict[tuple[str, ...], FixedInputs]:
        """The mean losses that are asked for, by their names; without noise both are one."""
        if self.attack.threat.epsilon == 0:
            inputs = {self.losses: self.x}
        else:
            both = {"clean": self.x, "adversarial": self.perturbed}
            inputs = {(name,): both[name] for name in self.losses}
        return {
            names: FixedInputs(self.model, self.parameters, x, self.y, self.batch_size)
            for names, x in inputs.items()
        }


@dataclass(frozen=True)
class Found:
    """A measure at one size of the moves.

    Attributes:
        losses: those that it is of, a row for each.
        measure: its name.
        ball: norm of the moves: l2, linf or layer_l2; None where there is none.
        radius: their size; None where there is none.
        sharpness: its value and how sure it is.
    """

    losses: tuple[str, ...]
    measure: str
    ball: str | None
    radius: float | None
    sharpness: Sharpness
