import itertools

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from advscape.sharpness.ascent import ascend
from advscape.sharpness.ball import L2Ball, LinfBall
from advscape.sharpness.perturbation import adaptive_scale, plain_scale
from advscape.sharpness.worst import worst_sharpness
from tests.sharpness.quadratic import Quadratic

RHO = 0.4


def measured(loss, scale, ball, steps=200, restarts=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return worst_sharpness(
        loss.slope, loss.parameters, scale(loss.parameters), ball, steps, restarts, generator, n=7
    )


def trust_region_maximum(hessian, gradient, radius):
    """Maximum of g.u + u.H u / 2 over |u| <= radius, H >= 0: (mu I - H) u = g, |u| = radius."""
    values, vectors = np.linalg.eigh(hessian)
    along = vectors.T @ gradient
    if np.allclose(along, 0):
        return 0.5 * values[-1] * radius**2

    def excess(mu):
        return np.linalg.norm(along / (mu - values)) - radius

    low = values[-1] + 1e-12 * values[-1]
    mu = brentq(excess, low, values[-1] + np.linalg.norm(along) / radius + 1, xtol=1e-15)
    u = along / (mu - values)
    return along @ u + 0.5 * (values * u) @ u


@pytest.mark.parametrize("scale", [plain_scale, adaptive_scale])
@pytest.mark.parametrize("slope", [0.0, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_l2_is_the_trust_region_problems_maximum(scale, slope, seed):
    loss = Quadratic(slope=slope, seed=seed)
    c = scale(loss.parameters)
    scaled = (c[:, None] * loss.hessian * c).numpy()
    exact = trust_region_maximum(scaled, (c * loss.gradient).numpy(), RHO)
    found = measured(loss, scale, L2Ball(RHO, (len(c),)))
    assert found.value == pytest.approx(exact, rel=1e-6)
    assert (found.draws, found.n) == (3, 7)
    assert np.isnan(found.stderr)


@pytest.mark.parametrize("scale", [plain_scale, adaptive_scale])
def test_linf_of_a_diagonal_quadratic(scale):
    """Each entry goes to its own corner: sum of rho |c g| + rho^2 c^2 h / 2."""
    diagonal = torch.linspace(0.5, 3, 6, dtype=torch.float64)
    loss = Quadratic(slope=1.0, hessian=diagonal.diag())
    c = scale(loss.parameters)
    exact = (RHO * (c * loss.gradient).abs() + 0.5 * RHO**2 * c**2 * diagonal).sum()
    found = measured(loss, scale, LinfBall(RHO), restarts=8)
    assert found.value == pytest.approx(float(exact), rel=1e-12)


def test_linf_of_a_convex_quadratic_is_at_a_corner_of_the_cube():
    loss = Quadratic(slope=0.3)
    corners = RHO * torch.tensor(list(itertools.product([-1, 1], repeat=6)), dtype=torch.float64)
    values = corners @ loss.gradient + 0.5 * ((corners @ loss.hessian) * corners).sum(dim=1)
    found = measured(loss, plain_scale, LinfBall(RHO), restarts=20)
    assert found.value == pytest.approx(float(values.max()), rel=1e-12)


def test_every_layer_has_a_ball_of_its_own():
    """Blocks that do not see each other: the maxima of two trust-region problems, added up."""
    loss = Quadratic(slope=1.0)
    loss.hessian[:3, 3:] = loss.hessian[3:, :3] = 0
    exact = sum(
        trust_region_maximum(loss.hessian[part, part].numpy(), loss.gradient[part].numpy(), RHO)
        for part in (slice(0, 3), slice(3, 6))
    )
    found = measured(loss, plain_scale, L2Ball(RHO, (3, 3)))
    assert found.value == pytest.approx(exact, rel=1e-6)


def test_a_maximum_inside_the_ball_is_found():
    """Not only the sphere: steps that are halved come to rest. Value g . H^-1 g / 2."""
    loss = Quadratic(slope=0.2, hessian=-torch.linspace(1, 4, 6, dtype=torch.float64).diag())
    inside = -torch.linalg.solve(loss.hessian, loss.gradient)
    ball = L2Ball(2 * float(inside.norm()), (6,))
    found = measured(loss, plain_scale, ball)
    assert found.value == pytest.approx(float(loss.gradient @ inside) / 2, rel=1e-4)
    assert found.value <= float(loss.gradient @ inside) / 2 * (1 + 1e-12)


def test_the_best_point_is_kept_and_its_loss_is_the_loss_there():
    loss, ball = Quadratic(slope=1.0), L2Ball(RHO, (6,))
    seen = []

    def slope():
        value, gradient = loss.slope()
        seen.append(value)
        return value, gradient

    start = ball.draw(torch.Generator().manual_seed(0), loss.centre)
    found = ascend(slope, loss.parameters, torch.ones(6).double(), ball, 13, start)
    assert found.value == max(seen)
    assert len(seen) == 14
    assert found.u.norm() <= RHO * (1 + 1e-12)
    there = found.u @ loss.gradient + found.u @ loss.hessian @ found.u / 2
    assert found.value == pytest.approx(float(there))


def test_staying_put_is_allowed():
    """Below a maximum every move costs: the worst case is 0, not negative."""
    loss = Quadratic(hessian=-torch.eye(6, dtype=torch.float64))
    found = measured(loss, plain_scale, L2Ball(RHO, (6,)), steps=2)
    assert found.value == 0
    assert found.spread > 0


def test_same_seed_same_numbers_and_one_restart_has_no_spread():
    loss, ball = Quadratic(slope=1.0), LinfBall(RHO)
    one, same, other = (measured(loss, plain_scale, ball, 2, 2, seed) for seed in (0, 0, 1))
    assert repr(one) == repr(same)
    assert repr(one) != repr(other)
    assert np.isnan(measured(loss, plain_scale, ball, restarts=1).spread)
