"""Losses along a line: what they are, and that nothing outside decides them."""

import numpy as np
import torch
from torch.func import functional_call

from advscape.attacks.pgd import PGD
from advscape.landscape.directions import random_direction
from advscape.landscape.losses import Losses
from advscape.landscape.walk import walking
from advscape.threat import ThreatModel
from tests.networks import batch, small_net

ALPHAS = (-0.5, 0.0, 0.5, 1.0)


def line(noise):
    """The loss at a few points of a random line."""
    model, (x, y) = small_net().eval(), batch(20)
    losses = Losses(model, x, y, PGD(ThreatModel("l2", 0.3), 2), 7, 20, "given")
    found = []
    with walking(model, random_direction(model, "filter-normalised", 3)) as to:
        for alpha in ALPHAS:
            to(alpha)
            found.append(losses.here(noise)["loss"])
    return found


def test_a_line_does_not_depend_on_global_generators():
    """Landscaper 1.3.1 draws from numpy's (compute.py: compute_loss_landscape)."""
    runs = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global one is what is meant
        runs.append(line("regenerated"))
    assert runs[0] == runs[1]


def test_every_point_is_the_loss_there_the_largest_too():
    """Landscaper 1.3.1 adds noise to the largest (compute.py: compute_loss_landscape).

    The referee is a call of the network with the moved weights.
    """
    model, (x, y) = small_net().eval(), batch(20)
    moves = random_direction(model, "filter-normalised", 3)
    exact = []
    weights = model.state_dict()
    for alpha in ALPHAS:
        moved = weights | {name: weights[name] + alpha * step for name, step in moves.items()}
        outputs = functional_call(model, moved, (x,))
        exact.append(torch.nn.functional.cross_entropy(outputs, y).item())
    found = line("none")
    assert np.argmax(found) != 1  # not at the weights themselves
    np.testing.assert_allclose(found, exact, rtol=1e-12)
