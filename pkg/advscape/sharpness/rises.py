"""Average-case and worst-case sharpness, plain, adaptive and of normalised logits.

Andriushchenko et al. 2023 (arXiv 2302.07011); :mod:`advscape.sharpness.average` and
:mod:`advscape.sharpness.worst` have the definitions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from advscape.losses import precise_losses
from advscape.sharpness.average import average_sharpness
from advscape.sharpness.ball import Ball, L2Ball, LinfBall, gaussian
from advscape.sharpness.fixed_inputs import FixedInputs, Loss
from advscape.sharpness.logits import normalised_losses
from advscape.sharpness.network import Found, TrainedNetwork
from advscape.sharpness.perturbation import adaptive_scale, plain_scale
from advscape.sharpness.worst import worst_sharpness

#: scale of the weights by its name in the config
SCALES: dict[str, Callable[[Sequence[nn.Parameter]], Tensor]] = {
    "plain": plain_scale,
    "adaptive": adaptive_scale,
}
#: beginnings of the measures' names in each scale, and the loss that they mean
VARIANTS: dict[str, dict[str, Loss]] = {
    "plain": {"": precise_losses},
    "adaptive": {"adaptive_": precise_losses, "normalised_": normalised_losses},
}


class Radii(Protocol):
    """Sizes of the moves, of plain and of adaptive ones."""

    plain: list[float]
    adaptive: list[float]


class Average(Protocol):
    """Settings of the average case."""

    draws: int
    l2: Radii
    linf: Radii


class Worst(Protocol):
    """Settings of the worst case."""

    steps: int
    restarts: int
    l2: Radii
    linf: Radii


def rises(
    network: TrainedNetwork,
    measures: Sequence[str],
    balls: Sequence[str],
    average: Average,
    worst: Worst,
) -> Iterator[Found]:
    """Measure the mean rise and the largest one; measures of one scale share their draws.

    Args:
        network: at its trained weights.
        measures: those asked for.
        balls: l2 or linf, or both.
        average: settings of the average case.
        worst: settings of the worst case.
    """
    for ball in balls:
        for scale, variants in VARIANTS.items():
            losses = _asked("average", variants, measures)
            for radius in getattr(getattr(average, ball), scale) if losses else ():
                yield from _average(network, ball, scale, radius, losses, average.draws)
            losses = _asked("worst", variants, measures)
            for radius in getattr(getattr(worst, ball), scale) if losses else ():
                yield from _worst(network, ball, scale, radius, losses, worst)


def _asked(case: str, variants: Mapping[str, Loss], measures: Sequence[str]) -> dict[str, Loss]:
    names = {prefix + case: loss for prefix, loss in variants.items()}
    return {name: loss for name, loss in names.items() if name in measures}


def _average(
    network: TrainedNetwork,
    ball: str,
    scale: str,
    radius: float,
    losses: Mapping[str, Loss],
    draws: int,
) -> Iterator[Found]:
    generator = network.generator(f"{scale} average, {ball}")

    def draw(like: Tensor) -> Tensor:
        if ball == "linf":
            return LinfBall(radius).draw(generator, like)
        return radius * gaussian(generator, like)

    def measure() -> Tensor:
        return torch.cat([each.values(*losses.values()) for each in network.inputs.values()])

    c = SCALES[scale](network.parameters)
    found = average_sharpness(measure, network.parameters, c, draw, draws, len(network.y))
    names = [(of, measure) for of in network.inputs for measure in losses]
    for (of, name), each in zip(names, found, strict=True):
        yield Found(of, name, ball, radius, each)


def _worst(
    network: TrainedNetwork,
    ball: str,
    scale: str,
    radius: float,
    losses: Mapping[str, Loss],
    settings: Worst,
) -> Iterator[Found]:
    c = SCALES[scale](network.parameters)
    region: Ball = LinfBall(radius) if ball == "linf" else L2Ball(radius, (len(c),))

    def slope_of(inputs: FixedInputs, loss: Loss) -> Callable[[], tuple[float, Tensor]]:
        return lambda: inputs.slope(loss)

    for of, inputs in network.inputs.items():
        for name, loss in losses.items():
            found = worst_sharpness(
                slope_of(inputs, loss),
                network.parameters,
                c,
                region,
                settings.steps,
                settings.restarts,
                network.generator(f"{scale} worst, {ball}"),
                len(network.y),
            )
            yield Found(of, name, ball, radius, found)
