"""Linf noise: kinks, the solver that stops on them, and referees that know nothing of either."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from advscape.linear.regime import collapse_radius
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.solve import solve
from tests.linear.test_solve import DIGITS


def linf(epsilon, decay=1e-3):
    return RobustLoss(DIGITS.x, DIGITS.t, epsilon, decay, norm="linf")


@given(st.integers(0, 1000), st.floats(0, 1))
def test_no_noise_of_the_cube_is_worse(seed, epsilon):
    rng = np.random.default_rng(seed)
    line = LinearModel(rng.normal(size=5), 0.2)
    x, t = rng.normal(size=(20, 5)), np.where(np.arange(20) % 2 == 0, 1.0, -1.0)
    noise = epsilon * rng.choice([-1.0, 1.0], size=x.shape)
    worst = RobustLoss(x, t, epsilon, norm="linf")
    assert RobustLoss(x + noise, t, 0.0).data_loss(line) <= worst.data_loss(line) + 1e-12
    best = -epsilon * t[:, None] * np.sign(line.w)
    reached = RobustLoss(x + best, t, 0.0).data_loss(line)
    assert reached == pytest.approx(worst.data_loss(line), rel=1e-12)


@pytest.mark.parametrize("epsilon", [0.0, 0.05, 0.15, 0.3, 0.42])
def test_minimum_is_that_of_the_split_problem(epsilon):
    """W = p - q with p, q >= 0 makes |w|_1 linear: a smooth problem with bounds for L-BFGS-B."""
    loss = linf(epsilon)
    d = loss.x.shape[1]

    def value(z):
        p, q, b = z[:d], z[d : 2 * d], z[-1]
        margins = loss.t * (loss.x @ (p - q) + b) - epsilon * (p + q).sum()
        s = 1 / (1 + np.exp(margins)) / len(loss.t)
        over_w = -loss.x.T @ (s * loss.t) + loss.weight_decay * (p - q)
        pull = epsilon * s.sum()
        penalty = 0.5 * loss.weight_decay * ((p - q) ** 2).sum()
        grad = np.concatenate([over_w + pull, -over_w + pull, [-(s @ loss.t)]])
        return np.logaddexp(0, -margins).mean() + penalty, grad

    found = minimize(
        value, np.append(np.full(2 * d, 0.1), 0.0), jac=True, method="L-BFGS-B",
        bounds=[(0, None)] * (2 * d) + [(None, None)],
        options={"maxiter": 50_000, "maxfun": 50_000, "ftol": 1e-16, "gtol": 1e-10, "maxcor": 40},
    )  # fmt: skip
    ours = solve(loss, 1e-9)
    assert ours.converged
    assert loss.value(ours.model) <= found.fun + 1e-12
    assert loss.value(ours.model) == pytest.approx(found.fun, abs=1e-8)
    if epsilon:
        assert np.sum(ours.model.w == 0) > 0  # exactly: minimisers sit on kinks


def test_collapse_radius():
    eps0 = collapse_radius(linf(0.0))
    assert not solve(linf(0.999 * eps0), 1e-9).collapsed
    assert solve(linf(1.001 * eps0), 1e-9).collapsed


def test_hessian_has_no_response_and_says_where_it_does_not_exist():
    loss = linf(0.2)
    line = solve(loss, 1e-9).model
    with pytest.warns(UserWarning, match="weights are exactly 0"):
        total = loss.hessian(line)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frozen = loss.hessian(line, "frozen")
    assert np.array_equal(total, frozen)
    # on the support it is the derivative of the gradient
    support = np.flatnonzero(line.w)
    h = 1e-6
    for i in support[:5]:
        step = h * np.eye(64)[i]
        up, down = (loss.gradient(LinearModel(line.w + k * step, line.b)) for k in (1, -1))
        slope = (up - down)[support] / (2 * h) - loss.weight_decay * (support == i)
        assert np.allclose(slope, frozen[i, support], atol=1e-7)
