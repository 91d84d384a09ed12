import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advscape.sharpness.ball import L2Ball, LinfBall, gaussian

SIZES = (3, 1, 4)
BALLS = [L2Ball(0.7, (8,)), L2Ball(0.7, SIZES), LinfBall(0.7)]
IDS = ["l2", "blocks", "linf"]


def norm(ball, u):
    if isinstance(ball, LinfBall):
        return float(u.abs().max())
    return max(float(part.norm()) for part in u.split(ball.sizes))


@pytest.mark.parametrize("ball", BALLS, ids=IDS)
@given(seed=st.integers(0, 1000))
def test_projection_is_the_nearest_point(ball, seed):
    """It is the one from which the outside point lies at an obtuse angle to the whole ball."""
    generator, like = torch.Generator().manual_seed(seed), torch.zeros(8, dtype=torch.float64)
    point = gaussian(generator, like)
    found = ball.project(point)
    assert norm(ball, found) <= ball.radius * (1 + 1e-12)
    away = point - found
    if isinstance(ball, LinfBall):
        furthest = ball.radius * away.abs().sum()
    else:
        furthest = ball.radius * sum(part.norm() for part in away.split(ball.sizes))
    assert float(away @ found) == pytest.approx(float(furthest), abs=1e-12)


@pytest.mark.parametrize("ball", BALLS, ids=IDS)
@given(seed=st.integers(0, 1000))
def test_ascent_rises_more_than_any_other_step_of_its_length(ball, seed):
    generator = torch.Generator().manual_seed(seed)
    gradient, other = (gaussian(generator, torch.zeros(8, dtype=torch.float64)) for _ in range(2))
    step = ball.ascent(gradient)
    assert norm(ball, step) == pytest.approx(1)
    assert gradient @ step >= gradient @ other / norm(ball, other) - 1e-12


@pytest.mark.parametrize("ball", BALLS, ids=IDS)
def test_draws_are_uniform_in_the_ball(ball):
    """A share of radius^d of the volume lies within the radius, and all directions are alike."""
    generator, like = torch.Generator().manual_seed(1), torch.zeros(8, dtype=torch.float64)
    draws = torch.stack([ball.draw(generator, like) for _ in range(4000)])
    assert all(norm(ball, u) <= ball.radius for u in draws)
    blocks = [(0, 8)] if ball is not BALLS[1] else [(0, 3), (3, 4), (4, 8)]
    for start, end in blocks:
        part, dim = draws[:, start:end] / ball.radius, end - start
        order = torch.inf if isinstance(ball, LinfBall) else 2
        inside = torch.linalg.vector_norm(part, order, dim=1) ** dim
        assert inside.mean() == pytest.approx(0.5, abs=0.025)
        assert (inside < 0.25).double().mean() == pytest.approx(0.25, abs=0.03)
        assert part.mean(dim=0).abs().max() < 5 * part.std() / 4000**0.5


@pytest.mark.parametrize("ball", BALLS, ids=IDS)
def test_a_gradient_of_0_and_a_radius_of_0_give_0(ball):
    zero = torch.zeros(8, dtype=torch.float64)
    assert torch.equal(ball.ascent(zero), zero)
    point = type(ball)(0.0) if isinstance(ball, LinfBall) else type(ball)(0.0, ball.sizes)
    assert torch.equal(point.project(torch.ones_like(zero)), zero)
    assert torch.equal(point.project(zero), zero)
    assert torch.equal(point.draw(torch.Generator(), zero).abs(), zero)
