"""From a config's attack section to an attack."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from advscape.attacks.pgd import PGD
from advscape.threat import ThreatModel

#: called with model, x, y, generator and batch_norm, as :class:`advscape.attacks.pgd.PGD` is
Attack = Callable[..., Tensor]


def build_attack(settings: dict[str, Any], threat: ThreatModel) -> Attack:
    """Make the attack that a config section describes.

    Args:
        settings: the section, with its defaults filled in.
        threat: the set of perturbations.
    """
    if settings["name"] == "fgsm":
        return PGD(threat, steps=1, relative_step=1.0, start="clean")
    return PGD(
        threat,
        settings["steps"],
        settings["relative_step"],
        settings["restarts"],
        "ball" if settings["random_start"] else "clean",
    )
