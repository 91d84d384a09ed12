"""From a config's attack section to an attack."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from advscape.attacks.autoattack import AutoAttack
from advscape.attacks.pgd import PGD
from advscape.attacks.random_noise import RandomNoise
from advscape.losses import sample_losses
from advscape.threat import ThreatModel

#: called with model, x, y, generator, batch_norm and micro, as :class:`advscape.attacks.pgd.PGD` is
Attack = Callable[..., Tensor]


def build_attack(settings: dict[str, Any], threat: ThreatModel) -> Attack:
    """Make the attack that a config section describes.

    Args:
        settings: the section, with its defaults filled in.
        threat: the set of perturbations.

    Raises:
        ValueError: AutoAttack without the box.
    """
    match settings["name"]:
        case "autoattack":
            return AutoAttack(threat)
        case "random":
            return RandomNoise(threat)
        case "fgsm":
            return PGD(threat, steps=1, relative_step=1.0, start="clean")
        case "opposed":
            return PGD(threat, settings["steps"], settings["relative_step"], loss=_reversed)
    return PGD(
        threat,
        settings["steps"],
        settings["relative_step"],
        settings["restarts"],
        "ball" if settings["random_start"] else "clean",
    )


def _reversed(outputs: Tensor, y: Tensor) -> Tensor:
    return -sample_losses(outputs, y)
