import math

import numpy as np
import pytest
import torch

from advscape.sharpness.average import average_sharpness
from advscape.sharpness.ball import LinfBall, gaussian
from advscape.sharpness.estimate import averaged, largest
from advscape.sharpness.perturbation import adaptive_scale, plain_scale
from tests.sharpness.quadratic import Quadratic

RHO = 0.3


def measured(loss, scale, draws=400, seed=0, ball="l2"):
    generator = torch.Generator().manual_seed(seed)

    def draw(like):
        if ball == "linf":
            return LinfBall(RHO).draw(generator, like)
        return RHO * gaussian(generator, like)

    (found,) = average_sharpness(
        loss.measure, loss.parameters, scale(loss.parameters), draw, draws, n=5
    )
    return found


@pytest.mark.parametrize("scale", [plain_scale, adaptive_scale])
@pytest.mark.parametrize(("ball", "variance"), [("l2", RHO**2), ("linf", RHO**2 / 3)])
def test_quadratic_loss_has_half_the_variance_times_the_scaled_trace(scale, ball, variance):
    """rho^2/2 tr(C H C), and the standard error says how far off a seed's estimate is."""
    loss = Quadratic(slope=0.5)
    c = scale(loss.parameters)
    exact = 0.5 * variance * float((c**2 * loss.hessian.diagonal()).sum())
    found = [measured(loss, scale, seed=seed, ball=ball) for seed in range(40)]
    errors = np.array([(each.value - exact) / each.stderr for each in found])
    assert abs(errors.mean()) < 4 / 40**0.5
    assert 0.7 < errors.std() < 1.35
    assert found[0].stderr == pytest.approx(found[0].spread / 400**0.5)
    assert (found[0].draws, found[0].n) == (400, 5)


def test_losses_in_common_have_the_same_draws():
    loss = Quadratic()
    generator = torch.Generator().manual_seed(0)
    both = average_sharpness(
        lambda: torch.cat([loss.measure(), 3 * loss.measure() + 1]), loss.parameters,
        plain_scale(loss.parameters), lambda like: RHO * gaussian(generator, like), 10, n=5,
    )  # fmt: skip
    assert both[0] == measured(loss, plain_scale, draws=10)
    assert both[1].value == pytest.approx(3 * both[0].value)
    assert both[1].stderr == pytest.approx(3 * both[0].stderr)


def test_same_seed_same_numbers_another_seed_others():
    loss = Quadratic()
    one, same, other = (measured(loss, plain_scale, 5, seed) for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_a_single_draw_has_no_error():
    loss = Quadratic()
    with pytest.raises(ValueError, match="draws: got 1; allowed: 2 or more"):
        measured(loss, plain_scale, draws=1)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_rise_that_is_not_finite_is_no_value(bad):
    """Python's max(0.0, nan) is 0.0."""
    for rises in ([bad, 1.0], [1.0, bad], [bad]):
        assert math.isnan(largest(rises, 5).value)
    assert math.isnan(averaged([1.0, bad], 5).value)
    assert largest([1.0, 2.0], 5).value == 2.0
    assert largest([-1.0], 5).value == 0.0
