r"""Flatness of the robust loss, with the attack made anew at every weight.

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
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.evaluation.evaluate import score
from advscape.evaluation.finite import NotFinite
from advscape.losses import precise_losses
from advscape.machine.memory import MicroBatch
from advscape.models.flat import flattened
from advscape.models.untouched import differentiable
from advscape.sharpness.ascent import ascend
from advscape.sharpness.average import average_sharpness
from advscape.sharpness.ball import L2Ball
from advscape.sharpness.estimate import Sharpness, largest
from advscape.sharpness.perturbation import layer_scale, moved


class RobustFlatness:
    """A network's robust loss around its weights.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        x: (n, ...) clean inputs.
        y: (n,) labels.
        attack: made anew at every weight.
        attack_seed: of its draws, the same everywhere.
        radius: xi, relative to the length of each layer.
        batch_size: samples that go through the model at once.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        attack: PGD,
        attack_seed: int,
        radius: float,
        batch_size: int,
    ):
        """Hold the model and its samples."""
        self._model, self._x, self._y = model, x, y
        self._attack, self._attack_seed, self._size = attack, attack_seed, batch_size
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._scale = layer_scale(model, self._parameters)
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
            len(self._y),
        )
        return found

    def worst(self, steps: int, restarts: int, generator: torch.Generator) -> Sharpness:
        """Largest rise at weights that climb together with the noise.

        The joint ascent finds the weights; the rise there is that of the attack made anew.

        Args:
            steps: of weights and noise together.
            restarts: ascents, at least 1, each from random weights of the ball and random noise.
            generator: of the starts.
        """
        centre, rises = self._robust_loss(), []
        for _ in range(restarts):
            start = self._ball.draw(generator, self._scale)
            noise = self._attack.threat.random_start(self._x, generator)
            joint = _Joint(
                self._model, self._parameters, self._x, self._y, noise, self._attack, steps,
                self._size,
            )  # fmt: skip
            found = ascend(joint.slope, self._parameters, self._scale, self._ball, steps, start)
            with moved(self._parameters, self._scale * found.u):
                rises.append(self._robust_loss() - centre)
        return largest(rises, len(self._y))

    def _robust_loss(self) -> float:
        perturbed = perturb(
            self._model, self._x, self._y, self._attack, self._attack_seed, self._size
        )
        try:
            return score(self._model, perturbed, self._y, self._size).loss
        except NotFinite:  # far from the trained weights
            return math.nan


class _Joint:
    """A loss whose noise takes one step of PGD each time its slope in the weights is asked for."""

    def __init__(
        self,
        model: nn.Module,
        parameters: Sequence[nn.Parameter],
        x: Tensor,
        y: Tensor,
        noise: Tensor,
        attack: PGD,
        steps: int,
        batch_size: int,
    ):
        self._model, self._parameters, self._x, self._y = model, parameters, x, y
        self._noise, self._threat = noise, attack.threat
        self._length = attack.relative_step * attack.threat.epsilon / steps
        self._micro = MicroBatch(batch_size)

    def slope(self) -> tuple[float, Tensor]:
        """The mean loss and its gradient (dim,) in the weights, at the noise as it was."""
        with differentiable(self._model, self._parameters):
            value, gradient, self._noise = self._micro.run(self._climb)
        return value / len(self._y), gradient / len(self._y)

    def _climb(self, size: int) -> tuple[float, Tensor, Tensor]:
        value, gradient, noises = 0.0, 0, []
        parts = (self._x, self._y, self._noise)
        for x, y, noise in zip(*(part.split(size) for part in parts), strict=True):
            noise = noise.detach().requires_grad_(True)
            losses = precise_losses(self._model(x + noise), y)
            # zeros for parameters that the network does not use
            *of_weights, of_noise = torch.autograd.grad(
                losses.sum(), [*self._parameters, noise], materialize_grads=True
            )
            value += float(losses.detach().double().sum())
            gradient += flattened(of_weights)
            step = self._threat.ascent(of_noise, self._length)
            noises.append(self._threat.project(noise.detach() + step, x))
        return value, gradient, torch.cat(noises)
