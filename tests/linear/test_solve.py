import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from advscape.linear.arms import training_loss, unit_noise
from advscape.linear.data import Samples
from advscape.linear.path import Cell
from advscape.linear.regime import collapse_radius
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.solve import solve


def digits():
    bunch = load_digits(n_class=2)
    return Samples(bunch.data / 16, np.where(bunch.target == 1, 1.0, -1.0))


DIGITS = digits()


def problem(epsilon, arm="aligned", decay=1e-4):
    return training_loss(DIGITS, Cell(arm, epsilon), "l2", 0, decay)


def test_without_noise_it_is_scikit_learns_logistic_regression():
    decay = 1e-3
    theirs = LogisticRegression(
        C=1 / (len(DIGITS.t) * decay), tol=1e-12, max_iter=1000, solver="newton-cholesky"
    )
    theirs.fit(DIGITS.x, DIGITS.t)
    ours = solve(problem(0.0, decay=decay), 1e-12).model
    assert np.allclose(ours.w, theirs.coef_[0], atol=1e-6)
    assert ours.b == pytest.approx(theirs.intercept_[0], abs=1e-6)


@pytest.mark.parametrize("epsilon", [0.3, 0.9, 1.2])
def test_same_minimum_as_lbfgs(epsilon):
    loss = problem(epsilon)
    ours = solve(loss, 1e-9)
    found = minimize(
        lambda z: loss.value(LinearModel(z[:-1], z[-1])),
        np.append(0.1 * np.ones(64), 0.0),
        jac=lambda z: loss.gradient(LinearModel(z[:-1], z[-1])),
        method="L-BFGS-B",
        options={"maxiter": 100_000, "maxfun": 100_000, "ftol": 0, "gtol": 1e-9, "maxcor": 50},
    )
    assert ours.converged
    assert loss.value(ours.model) <= found.fun + 1e-14
    assert np.allclose(ours.model.w, found.x[:-1], atol=1e-4)


@pytest.mark.parametrize("arm", ["aligned", "random", "opposed"])
@pytest.mark.parametrize("epsilon", [0.0, 0.15, 0.6, 1.0, 1.2, 1.3, 1.31])
def test_gradient_vanishes(arm, epsilon):
    loss = problem(epsilon, arm)
    solution = solve(loss, 1e-9)
    assert solution.converged
    assert np.abs(loss.gradient(solution.model)).max() < 1e-9
    assert solution.model.norm > 0


def test_collapse_is_found_at_the_collapse_radius():
    """Within 0.1 %, with unequal classes too."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        t = np.where(np.arange(60) < 6 * (seed + 2), 1.0, -1.0)
        x = rng.normal(size=(60, 5)) + np.outer(t, rng.normal(size=5))
        eps0 = collapse_radius(RobustLoss(x, t, 0.0))
        below = solve(RobustLoss(x, t, 0.999 * eps0, 1e-4), 1e-9)
        above = solve(RobustLoss(x, t, 1.001 * eps0, 1e-4), 1e-9)
        assert below.converged
        assert not below.collapsed
        assert above.collapsed
        # the constant classifier is a minimum: no small step from it is better
        loss = RobustLoss(x, t, 1.001 * eps0, 1e-4)
        for step in 1e-3 * rng.normal(size=(50, 6)):
            near = LinearModel(step[:-1], above.model.b + step[-1])
            assert loss.value(near) >= loss.value(above.model)


def test_opposed_noise_at_first_order():
    """The opposed loss is the one with the optimal noise reversed."""
    line = solve(problem(0.5, "opposed"), 1e-9).model
    delta = 0.5 * DIGITS.t[:, None] * line.w / line.norm
    moved = RobustLoss(DIGITS.x + delta, DIGITS.t, 0.0)
    assert moved.data_loss(line) == pytest.approx(
        problem(0.5, "opposed").data_loss(line), rel=1e-12
    )


def test_random_noise_is_unit_length_and_repeats():
    noise = unit_noise((100, 7), "l2", seed=3)
    assert np.allclose(np.linalg.norm(noise, axis=1), 1)
    assert np.array_equal(noise, unit_noise((100, 7), "l2", seed=3))
    assert not np.array_equal(noise, unit_noise((100, 7), "l2", seed=4))


def test_aligned_noise_sharpens_and_random_noise_does_not():
    def top(epsilon, arm):
        loss = problem(epsilon, arm)
        return np.linalg.eigvalsh(loss.hessian(solve(loss, 1e-9).model))[-1]

    grid = [0.0, 0.3, 0.6, 0.9, 1.2, 1.3]
    aligned, random = ([top(e, arm) for e in grid] for arm in ("aligned", "random"))
    assert np.all(np.diff(aligned) > 0)
    assert aligned[-1] > 100 * aligned[0]
    assert max(random) < 1.5 * min(random)
