"""The noise arms: the same model trained under aligned, random and opposed noise."""

from typing import Literal

import numpy as np

from advscape.linear.robust_loss import RobustLoss

Arm = Literal["aligned", "random", "opposed"]


def unit_noise(shape: tuple[int, int], seed: int) -> np.ndarray:
    """One unit vector per sample, uniform on the sphere: (n, d) float64, drawn from the seed."""
    draw = np.random.default_rng(seed).standard_normal(shape)
    return draw / np.linalg.norm(draw, axis=1, keepdims=True)


def training_loss(
    x: np.ndarray, t: np.ndarray, epsilon: float, arm: Arm, weight_decay: float, seed: int
) -> RobustLoss:
    """The loss that a run minimises.

    Args:
        x: (n, d) float64.
        t: (n,) of -1 and +1.
        epsilon: radius of the noise, at least 0.
        arm: aligned, random or opposed.
        weight_decay: lambda.
        seed: draws the random arm's directions; the other arms do not use it.
    """
    if arm == "random":
        return RobustLoss(x + epsilon * unit_noise(x.shape, seed), t, 0.0, weight_decay)
    return RobustLoss(x, t, epsilon if arm == "aligned" else -epsilon, weight_decay)
