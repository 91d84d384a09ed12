from typing import get_args

import numpy as np
import pytest
from scipy.optimize import linprog

from advscape.linear.regime import HardMargin, Regime, collapse_radius, hard_margin, regime
from advscape.linear.robust_loss import RobustLoss
from advscape.study.claim_rows import REGIMES
from tests.linear.test_solve import DIGITS


def test_known_answers_on_digits():
    margin = hard_margin(DIGITS.x, DIGITS.t)
    assert margin.value == pytest.approx(0.6080, abs=5e-5)
    assert margin.upper - margin.lower < 1e-4 * margin.value
    assert collapse_radius(RobustLoss(DIGITS.x, DIGITS.t, 0.0)) == pytest.approx(1.313313, abs=5e-7)


def test_claims_know_the_regimes():
    assert {*REGIMES, "n/a"} == set(get_args(Regime))


def test_two_points():
    x, t = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([1.0, -1.0])
    margin = hard_margin(x, t)
    assert margin.lower == pytest.approx(2.5, rel=1e-6)
    assert margin.upper == pytest.approx(2.5, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_separability_is_linear_programmings(seed):
    rng = np.random.default_rng(seed)
    t = np.where(np.arange(30) % 2 == 0, 1.0, -1.0)
    x = rng.normal(size=(30, 3)) + 0.4 * seed * np.outer(t, np.ones(3))
    signed = -t[:, None] * np.column_stack([x, np.ones(30)])
    feasible = linprog(np.zeros(4), signed, -np.ones(30), bounds=(None, None)).status == 0
    assert (hard_margin(x, t).value > 0) == feasible


def test_regimes():
    margin = HardMargin(0.6, 0.6)
    expected = {0.0: "separable", 0.6: "separable", 0.61: "finite", 1.3: "collapsed"}
    assert {e: regime(e, margin, 1.3) for e in expected} == expected
    assert regime(0.0, HardMargin(0.0, 0.01), 1.3) == "finite"  # classes that overlap


@pytest.mark.parametrize(
    ("norm", "gamma", "eps0"), [("l2", 0.6080, 1.313313), ("linf", 0.1428, 0.4288)]
)
def test_both_norms_on_digits(norm, gamma, eps0):
    margin = hard_margin(DIGITS.x, DIGITS.t, norm)
    assert margin.value == pytest.approx(gamma, abs=5e-5)
    assert margin.upper - margin.lower < 1e-4 * margin.value
    radius = collapse_radius(RobustLoss(DIGITS.x, DIGITS.t, 0.0, norm=norm))
    assert radius == pytest.approx(eps0, abs=5e-5)


def test_without_a_bias():
    """The known hard margin of digits without a bias, and eps0 = |mean t x|."""
    margin = hard_margin(DIGITS.x, DIGITS.t, bias=False)
    assert margin.value == pytest.approx(0.5849, abs=5e-5)
    assert margin.upper - margin.lower < 1e-4 * margin.value
    radius = collapse_radius(RobustLoss(DIGITS.x, DIGITS.t, 0.0, bias=False))
    assert radius == pytest.approx(np.linalg.norm((DIGITS.t[:, None] * DIGITS.x).mean(0)))


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("bias", [True, False])
def test_bounds_meet_on_separated_data(norm, bias):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        t = np.where(rng.random(40) < 0.3, 1.0, -1.0)
        x = rng.normal(size=(40, 4)) + 3 * np.outer(t, rng.choice([-1, 1], 4))
        margin = hard_margin(x, t, norm, bias)
        assert margin.lower > 0
        assert margin.upper == pytest.approx(margin.lower, rel=1e-6)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("apart", [3, 0.2])
def test_few_samples_bear_the_margin_of_many_in_linf(bias, apart, monkeypatch):
    monkeypatch.setattr("advscape.linear.regime._FIRST", 5)
    rng = np.random.default_rng(0)
    t = np.where(rng.random(400) < 0.3, 1.0, -1.0)
    x = rng.normal(size=(400, 6)) + apart * np.outer(t, rng.choice([-1, 1], 6))
    found = hard_margin(x, t, "linf", bias)
    # the support vector machine with |w|_1, over all samples: infeasible where none separates
    signed = t[:, None] * x
    referee = linprog(
        np.append(np.ones(12), 0.0), np.column_stack([-signed, signed, -t * bias]), -np.ones(400),
        bounds=[(0, None)] * 12 + [(None, None)],
    )  # fmt: skip
    assert (apart == 3) == (referee.status == 0)
    if referee.status == 0:
        assert found.value == pytest.approx(1 / referee.fun, rel=1e-6)
        assert found.upper == pytest.approx(found.lower, rel=1e-6)
    else:
        assert (found.lower, found.value) == (0, 0)
        assert found.upper < 1e-6
