"""The loss along random directions in weight space."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
from torch import Tensor, nn

from advscape.attacks.pgd import PGD
from advscape.interface.arguments import number, one_of, whole
from advscape.landscape.catalogue import DIRECTIONS, Noise
from advscape.landscape.directions import Scaling, random_direction
from advscape.landscape.grid import alphas
from advscape.landscape.losses import Losses
from advscape.landscape.walk import walking
from advscape.models.replica import replica
from advscape.seeds import stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NOISE: tuple[Noise, ...] = ("none", "frozen", "regenerated")


@dataclass(frozen=True)
class Landscape:
    """The loss along lines through the weights; d directions.

    Attributes:
        alpha: (points,) steps along each direction.
        loss: (d, points) exact means over the samples; nan where outputs are not finite.
        accuracy: (d, points).
        directions: their kind.
        attack: none, frozen or regenerated.
        step: what a step of 1 is.
        n: number of samples.
    """

    alpha: np.ndarray = field(repr=False)
    loss: np.ndarray = field(repr=False)
    accuracy: np.ndarray = field(repr=False)
    directions: str
    attack: Noise
    step: str
    n: int

    @property
    def value(self) -> np.ndarray:
        """Mean over directions, (points,)."""
        found: np.ndarray = self.loss.mean(axis=0)
        return found

    @property
    def stderr(self) -> np.ndarray:
        """Its standard error, (points,); nan for a single direction."""
        if len(self.loss) == 1:
            return np.full(len(self.alpha), math.nan)
        found: np.ndarray = self.loss.std(axis=0, ddof=1) / math.sqrt(len(self.loss))
        return found

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw each direction, and their mean.

        Args:
            axes: where; a new figure's unless given.
        """
        from matplotlib import pyplot as plt

        if axes is None:
            axes = plt.subplots(layout="constrained")[1]
        axes.plot(self.alpha, self.loss.T, color="0.7", linewidth=0.8)
        axes.plot(self.alpha, self.value, color="C0", linewidth=1.5)
        axes.set_xlabel(rf"$\alpha$ ({self.step})")
        axes.set_ylabel(rf"loss at $w + \alpha d$ (nats), noise {self.attack}")
        axes.set_title(f"{len(self.loss)} {self.directions} directions, {self.n} samples")
        return axes


def scan(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    attack: PGD,
    attack_seed: int,
    batch_size: int,
    seed: int,
    *,
    directions: str,
    seeds: int,
    noise: Noise,
    radius: float,
    points: int,
) -> Landscape:
    """Measure it; arguments as of :meth:`advscape.interface.loss.AdversarialLoss.landscape`.

    Raises:
        ValueError: an argument is out of its range.
    """
    one_of("directions", directions, [k for k, v in DIRECTIONS.items() if v.lines == "seeds"])
    one_of("attack", noise, _NOISE)
    whole("seeds", seeds, 1)
    whole("points", points, 3)
    number("radius", radius)
    if points % 2 == 0:
        raise ValueError(f"points: got {points}; allowed: an odd integer, so that alpha 0 is one")
    # graphs that Hessians keep of the other do not outlive a move
    moving = replica(model)
    losses = Losses(moving, x, y, attack, attack_seed, batch_size, "given")
    steps = alphas(radius, points)
    found = []
    for i in range(seeds):
        direction = random_direction(
            moving, cast("Scaling", directions), stream(seed, f"direction {i}")
        )
        with walking(moving, direction) as to:
            for step in steps.tolist():
                to(step)
                found.append(losses.here(noise))
    loss, accuracy = (
        np.array([math.nan if at[name] is None else at[name] for at in found]).reshape(seeds, -1)
        for name in ("loss", "accuracy")
    )
    kind = DIRECTIONS[directions].step
    return Landscape(steps, loss, accuracy, directions, noise, kind, len(y))
