"""One measure of sharpness of a network's loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.attacks.samples import AttackedSamples
from advscape.evaluation.evaluate import score
from advscape.interface.arguments import number, one_of, whole
from advscape.models.replica import replica
from advscape.references import imported
from advscape.sharpness.catalogue import MEASURES
from advscape.sharpness.estimate import Sharpness
from advscape.sharpness.network import TrainedNetwork


@dataclass(frozen=True)
class _Radii:
    """One radius, for whatever asks for one."""

    plain: list[float]
    adaptive: list[float]


@dataclass(frozen=True)
class _Moves:
    """What the functions of all measures read of their settings."""

    radii: list[float]
    l2: _Radii
    linf: _Radii
    draws: int
    probes: int
    steps: int
    restarts: int


def measured(
    model: nn.Module,
    samples: AttackedSamples,
    attack: PGD,
    attack_seed: int,
    batch_size: int,
    generator: Callable[[str], torch.Generator],
    *,
    measure: str,
    radius: float | None,
    ball: str,
    draws: int,
    steps: int,
    restarts: int,
) -> Sharpness:
    """Measure it; arguments as of :meth:`advscape.interface.loss.AdversarialLoss.sharpness`.

    Raises:
        ValueError: an argument is out of its range.
    """
    one_of("measure", measure, MEASURES)
    one_of("ball", ball, ("l2", "linf"))
    whole("draws", draws, 2)
    whole("steps", steps, 1)
    whole("restarts", restarts, 1)
    if measure == "weight_curvature":
        if radius is not None:
            raise ValueError(f"radius: got {radius!r}; allowed: none with weight_curvature")
        radius = 0.0
    else:
        number("radius", radius)
    found = MEASURES[measure]
    size = [float(radius or 0.0)]
    moves = _Moves(size, _Radii(size, size), _Radii(size, size), draws, draws, steps, restarts)
    options: dict[str, Any] = {key: [ball] if key == "balls" else moves for key in found.settings}
    # graphs that Hessians keep of the other do not outlive a move
    moving = replica(model)
    for inputs, what in ((samples.x, "inputs"), (samples.perturbed, "attacked inputs")):
        score(moving, inputs, samples.y, batch_size, what)
    network = TrainedNetwork(
        moving, samples.x, samples.y, samples.perturbed, attack, attack_seed, ("adversarial",),
        batch_size, lambda name: generator(f"sharpness, {name}"),
    )  # fmt: skip
    (only,) = imported(found.function)(network, [measure], **options)
    sharpness: Sharpness = only.sharpness
    return sharpness
