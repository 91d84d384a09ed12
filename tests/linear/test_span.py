"""More pixels than samples: the span's numbers are those of the whole space."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.solve import _check_memory, solve
from advscape.stages.curvature_linear import _measure
from advscape.stages.landscape_linear import _Scan


def problem(radius, n=8, d=30, seed=0, bias=True):
    random = np.random.default_rng(seed)
    t = np.where(np.arange(n) % 2, 1.0, -1.0)
    return RobustLoss(random.random((n, d)), t, radius, 1e-2, bias=bias)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("radius", [0.0, 0.1, 0.3, -0.1])
def test_the_minimiser_is_scipys(radius, bias):
    given = problem(radius, bias=bias)
    found = solve(given, 1e-9)
    assert found.converged
    assert np.abs(given.gradient(found.model)).max() < 1e-9
    if radius >= 0:  # convex

        def value(z):
            return given.value(LinearModel(z[:-1], z[-1] if bias else 0.0))

        start = np.append(found.model.w, found.model.b) * 1.1 + 1e-3
        other = minimize(value, start, method="BFGS", options={"gtol": 1e-8})
        assert given.value(found.model) <= other.fun + 1e-10


@pytest.mark.parametrize("name", ["adversarial", "clean"])
@pytest.mark.parametrize("radius", [0.0, 0.2, 5.0, -0.1])
def test_spectra_are_the_dense_ones(radius, name):
    given = problem(radius)
    line = LinearModel(np.random.default_rng(1).standard_normal(30), 0.1)
    for row in _measure(given, line, name):
        dense = given.hessian(line, row["hessian"])
        values = np.linalg.eigvalsh(dense)
        assert row["lambda_max"] == pytest.approx(values[-1], rel=1e-10, abs=1e-13)
        assert row["trace"] == pytest.approx(np.trace(dense), rel=1e-10, abs=1e-13)
        assert row["scaled_trace"] == pytest.approx(line.norm**2 * np.trace(dense) / 30, rel=1e-9)
        assert row["support"] == 30
        assert row["lambda_max_residual"] < 1e-12


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("part", ["frozen", "response", "total"])
def test_products_along_a_direction_are_the_dense_ones(norm, part):
    given = replace(problem(0.2), norm=norm)
    random = np.random.default_rng(2)
    line, v = LinearModel(random.standard_normal(30), 0.1), random.standard_normal(30)
    assert given.bend(line, v, part) == pytest.approx(v @ given.hessian(line, part) @ v, rel=1e-10)


def test_photographs_take_seconds_and_no_matrix_of_their_pixels():
    random = np.random.default_rng(1)
    x, t = random.random((40, 224 * 224 * 3)), np.where(np.arange(40) % 2, 1.0, -1.0)
    given = RobustLoss(x, t, 0.1, 1e-4)
    found = solve(given, 1e-9)
    assert found.converged
    assert np.abs(given.gradient(found.model)).max() < 1e-9
    total = [row for row in _measure(given, found.model, "adversarial")][-1]
    assert 0 < total["lambda_max"] < total["trace"]
    scan = _Scan(given, replace(given, radius=0.0), found.model, fixed=False)
    assert scan.loss.bend(found.model, found.model.w) >= 0


def test_linf_says_what_it_would_take():
    with pytest.raises(MemoryError, match=r"150528 features take 506 GiB; there are .*norm l2"):
        _check_memory(150528)
