"""The share that is missing, on losses whose maximum in the ball is known."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from advscape.sharpness.estimate import exact, largest
from advscape.sharpness.long_ascent import BOUND, RESTARTS, long_steps, near_long_ascent
from advscape.sharpness.network import Found
from advscape.sharpness.rises import rises
from tests.sharpness.quadratic import Quadratic, as_network

RHO = 0.4


def measured(loss, steps, restarts):
    worst = SimpleNamespace(
        steps=steps, restarts=restarts, l2=SimpleNamespace(plain=[RHO], adaptive=[RHO])
    )
    return list(rises(as_network(loss), ["worst"], ["l2"], SimpleNamespace(), worst))


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_share_of_a_quadratic_loss_is_that_of_its_maximum(steps, seed):
    """At its minimum the worst case in an L2 ball is half the largest eigenvalue times rho^2."""
    loss = Quadratic(seed=seed, dim=20)
    # a largest eigenvalue that stands apart, so that the long ascent arrives
    values, vectors = torch.linalg.eigh(loss.hessian)
    loss.hessian += values[-1] * torch.outer(vectors[:, -1], vectors[:, -1])
    own, long = measured(loss, steps, 2), measured(loss, long_steps(steps), RESTARTS)
    most = RHO**2 / 2 * np.linalg.eigvalsh(loss.hessian.numpy())[-1]
    (check,) = near_long_ascent(own, long)
    assert check.value == pytest.approx(1 - own[0].sharpness.value / most, abs=1e-3)
    assert check.ok == (check.value <= BOUND)
    assert (check.check, check.n) == ("worst l2 near long ascent", 7)
    if steps == 1:  # the spread of two restarts would not have said so
        assert not check.ok


def found(value, measure="worst", ball="l2", radius=0.1, losses=("clean",)):
    return Found(losses, measure, ball, radius, exact(value, 5))


@pytest.mark.parametrize(
    ("own", "long", "value"),
    [(0.75, 1.0, 0.25), (1.0, 0.75, 0.0), (0.0, 0.0, 0.0), (0.0, 2.0, 1.0), (math.nan, 1.0, None),
     (1.0, math.inf, None)],
)  # fmt: skip
def test_the_long_ascent_counts_the_own_one_too(own, long, value):
    (check,) = near_long_ascent([found(own)], [found(long)])
    assert check.value == pytest.approx(math.nan if value is None else value, nan_ok=True)
    assert check.ok is (value is not None and value <= BOUND)


def test_a_check_for_each_measure_and_ball_with_the_worst_radius_and_loss():
    kinds = [
        {"radius": 0.1}, {"radius": 0.2}, {"losses": ("adversarial",)}, {"ball": "linf"},
        {"measure": "robust_worst", "ball": "layer_l2"}, {"measure": "shrunk", "ball": None},
    ]  # fmt: skip
    own = [found(value, **kind) for value, kind in zip([9, 5, 8, 10, 7, 1], kinds, strict=True)]
    checks = near_long_ascent(own, [found(10, **kind) for kind in kinds])
    assert {check.check: check.value for check in checks} == pytest.approx({
        "worst l2 near long ascent": 0.5, "worst linf near long ascent": 0.0,
        "robust_worst layer_l2 near long ascent": 0.3, "shrunk near long ascent": 0.9,
    })  # fmt: skip


def test_the_long_ascent_is_long():
    assert [long_steps(steps) for steps in (1, 6, 20)] == [60, 60, 200]
    assert math.isnan(largest([1.0, math.nan], 3).value)
