import numpy as np
import pytest

from advscape.linear.descend import descend
from advscape.linear.robust_loss import RobustLoss
from advscape.linear.solve import solve
from tests.linear.test_solve import DIGITS, problem


def test_enough_steps_reach_the_minimiser():
    loss = problem(1.0)
    found = descend(loss, 20_000, 0.3, 1e-9)
    assert found.converged
    assert np.allclose(found.model.w, solve(loss, 1e-9).model.w, atol=1e-6)


def test_known_answers_without_bias_and_weight_decay():
    """Digits 0 vs 1, epsilon 1, 20,000 steps of 0.3, where a finite minimiser exists."""
    loss = RobustLoss(DIGITS.x, DIGITS.t, 1.0, bias=False)
    line = descend(loss, 20_000, 0.3, 1e-9).model
    total, frozen = loss.hessian(line), loss.hessian(line, "frozen")
    clean = RobustLoss(DIGITS.x, DIGITS.t, 0.0).hessian(line)
    tops = [np.linalg.eigvalsh(h)[-1] for h in (total, frozen, clean)]
    assert tops == pytest.approx([1.513, 1.464, 0.0699], rel=5e-4)
    assert [np.trace(total), np.trace(frozen)] == pytest.approx([4.862, 1.794], rel=5e-4)


def test_separable_data_keep_growing():
    """No minimiser: more steps, larger weights, flatter loss."""
    loss = RobustLoss(DIGITS.x, DIGITS.t, 0.3)
    found = [descend(loss, steps, 0.3, 1e-9) for steps in (100, 1000, 5000)]
    assert not any(one.converged for one in found)
    norms = [one.model.norm for one in found]
    tops = [np.linalg.eigvalsh(loss.hessian(one.model))[-1] for one in found]
    assert norms == sorted(norms)
    assert tops == sorted(tops, reverse=True)
