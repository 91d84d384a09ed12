r"""Flatness of the robust loss, with the attack made again at every weight.

Stutz, Hein and Schiele 2021 (arXiv 2104.04448, equations 3 to 5): the rise of

.. math:: \max_{\|\delta\| \le \epsilon} \ell(x + \delta; w + \nu), \qquad
          \|\nu^{(l)}\|_2 \le \xi \|w^{(l)}\|_2 \text{ in every layer } l,

averaged over random :math:`\nu` (:math:`\xi` = 0.5, 10 draws there) or at the worst one
(:math:`\xi` = 0.003 or 0.00075, 20 steps, 10 restarts there). Weights and biases are layers of
their own, batch norm's stay where they are. What is done here in another way: :math:`\nu` is the
same for all samples, not drawn for each batch of 128, and the attack is the same at w and at
w + :math:`\nu`, with the same draws, so that at :math:`\xi` = 0 the flatness is exactly 0.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from advscape.attacks.perturb import perturb
from advscape.evaluation.evaluate import score
from advscape.evaluation.finite import NotFinite
from advscape.losses import precise_losses
from advscape.machine.memory import MicroBatch
from advscape.models.flat import flattened
from advscape.models.restored import moved
from advscape.models.untouched import differentiable
from advscape.sharpness.ascent import ascend
from advscape.sharpness.average import average_sharpness
from advscape.sharpness.ball import L2Ball
from advscape.sharpness.estimate import Sharpness, largest
from advscape.sharpness.network import Found, TrainedNetwork
from advscape.sharpness.perturbation import layer_scale


class AverageSettings(Protocol):
    """Settings of the average case: sizes xi, and random weights for each."""

    radii: list[float]
    draws: int


class WorstSettings(Protocol):
    """Settings of the worst case: sizes xi; steps and restarts of the ascents."""

    radii: list[float]
    steps: int
    restarts: int


def robust_average(
    network: TrainedNetwork, measures: Sequence[str], robust_average: AverageSettings
) -> Iterator[Found]:
    """The mean rise at each radius; see :meth:`RobustFlatness.average`."""
    for radius in robust_average.radii:
        found = RobustFlatness(network, radius).average(
            robust_average.draws, network.generator("robust average")
        )
        yield Found(("adversarial",), "robust_average", "layer_l2", radius, found)


def robust_worst(
    network: TrainedNetwork, measures: Sequence[str], robust_worst: WorstSettings
) -> Iterator[Found]:
    """The largest rise at each radius; see :meth:`RobustFlatness.worst`."""
    for radius in robust_worst.radii:
        found = RobustFlatness(network, radius).worst(
            robust_worst.steps, robust_worst.restarts, network.generator("robust worst")
        )
        yield Found(("adversarial",), "robust_worst", "layer_l2", radius, found)


class RobustFlatness:
    """A network's robust loss around its weights, attacked again at each of them.

    Args:
        network: at its trained weights, with its samples and its attack.
        radius: xi, relative to the length of each layer.
    """

    def __init__(self, network: TrainedNetwork, radius: float):
        """Hold the network and its samples."""
        self._network, self._parameters = network, network.parameters
        self._scale = layer_scale(network.model, self._parameters)
        self._ball = L2Ball(radius, tuple(p.numel() for p in self._parameters))

    def average(self, draws: int, generator: torch.Generator) -> Sharpness:
        """Mean rise over weights drawn uniformly from the ball.

        Raises:
            ValueError: fewer than 2 draws.
        """
        (found,) = average_sharpness(
            lambda: torch.tensor([self._robust_loss()], dtype=torch.float64),
            self._parameters,
            self._scale,
            lambda like: self._ball.draw(generator, like),
            draws,
            len(self._network.y),
        )
        return found

    def worst(self, steps: int, restarts: int, generator: torch.Generator) -> Sharpness:
        """Largest rise at weights that climb together with the noise.

        The joint ascent finds the weights; the rise there is that of the attack made again.

        Args:
            steps: of weights and noise together.
            restarts: ascents, at least 1, each from random weights of the ball and random noise.
            generator: of the starts.
        """
        centre, rises = self._robust_loss(), []
        for _ in range(restarts):
            start = self._ball.draw(generator, self._scale)
            noise = self._network.attack.threat.random_start(self._network.x, generator)
            joint = _Joint(self._network, noise, steps)
            found = ascend(joint.slope, self._parameters, self._scale, self._ball, steps, start)
            with moved(self._parameters, self._scale * found.u):
                rises.append(self._robust_loss() - centre)
        return largest(rises, len(self._network.y))

    def _robust_loss(self) -> float:
        network = self._network
        perturbed = perturb(
            network.model, network.x, network.y, network.attack, network.attack_seed,
            network.batch_size,
        )  # fmt: skip
        try:
            return score(network.model, perturbed, network.y, network.batch_size).loss
        except NotFinite:  # far from the trained weights
            return math.nan


class _Joint:
    """A loss whose noise takes one step of PGD each time its slope in the weights is asked for."""

    def __init__(self, network: TrainedNetwork, noise: Tensor, steps: int):
        self._network, self._noise, self._threat = network, noise, network.attack.threat
        self._length = network.attack.relative_step * self._threat.epsilon / steps
        self._micro = MicroBatch(network.batch_size)

    def slope(self) -> tuple[float, Tensor]:
        """The mean loss and its gradient (dim,) in the weights, at the noise as it was."""
        with differentiable(self._network.model, self._network.parameters):
            value, gradient, self._noise = self._micro.run(self._climb)
        n = len(self._network.y)
        return value / n, gradient / n

    def _climb(self, size: int) -> tuple[float, Tensor, Tensor]:
        network = self._network
        value, gradient = 0.0, torch.zeros_like(flattened(network.parameters))
        noises = []
        parts = (network.x, network.y, self._noise)
        for x, y, noise in zip(*(part.split(size) for part in parts), strict=True):
            noise = noise.detach().requires_grad_(True)
            losses = precise_losses(network.model(x + noise), y)
            # zeros for parameters that the network does not use
            *of_weights, of_noise = torch.autograd.grad(
                losses.sum(), [*network.parameters, noise], materialize_grads=True
            )
            value += float(losses.detach().double().sum())
            gradient += flattened(of_weights)
            step = self._threat.ascent(of_noise, self._length)
            noises.append(self._threat.project(noise.detach() + step, x))
        return value, gradient, torch.cat(noises)
