"""The noise arms: the same model trained under aligned, random and opposed noise."""

import numpy as np

from advscape.linear.data import Samples
from advscape.linear.path import Cell
from advscape.linear.robust_loss import Norm, RobustLoss


def unit_noise(shape: tuple[int, int], norm: Norm, seed: int) -> np.ndarray:
    """One noise of length 1 per sample, fixed: (n, d) float64, drawn from the seed.

    L2: uniform on the sphere. Linf: each entry -1 or +1.
    """
    rng = np.random.default_rng(seed)
    if norm == "linf":
        return rng.choice([-1.0, 1.0], size=shape)
    draw = rng.standard_normal(shape)
    noise: np.ndarray = draw / np.linalg.norm(draw, axis=1, keepdims=True)
    return noise


def training_loss(
    samples: Samples, cell: Cell, norm: Norm, seed: int, weight_decay: float = 0.0
) -> RobustLoss:
    """The loss that a run minimises.

    Args:
        samples: inputs and labels.
        cell: noise arm and epsilon.
        norm: of the noise.
        seed: draws the random arm's noise; the other arms do not use it.
        weight_decay: lambda.
    """
    x, t = samples.x, samples.t
    if cell.noise == "random":
        noise = unit_noise(x.shape, norm, seed)
        return RobustLoss(x + cell.epsilon * noise, t, 0.0, weight_decay, norm)
    radius = cell.epsilon if cell.noise == "aligned" else -cell.epsilon
    return RobustLoss(x, t, radius, weight_decay, norm)
