import math

import pytest
import torch

from advscape.curvature.halves import spread_over_halves
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import largest_eigenvalue
from tests.curvature.matrices import Dense
from tests.curvature.test_hessian import dense
from tests.networks import batch, small_net


def test_spread_of_the_largest_eigenvalue_is_that_of_the_dense_halves():
    model, (x, y) = small_net(), batch(20)
    halves = [(x[:10], y[:10]), (x[10:], y[10:])]
    operators = [HessianOperator(model, *half, 10) for half in halves]
    found = spread_over_halves(
        *operators, lambda h: largest_eigenvalue(h, 1e-8, 200, torch.Generator().manual_seed(0))
    )
    a, b = (torch.linalg.eigvalsh(dense(model, *half))[-1].item() for half in halves)
    assert (found.first, found.second) == pytest.approx((a, b), rel=1e-8)
    assert found.value == pytest.approx(2 * abs(a - b) / (a + b), rel=1e-6)
    assert found.products == sum(h.products for h in operators)
    assert found.converged


@pytest.mark.parametrize(("one", "two", "spread"), [(1, 1, 0), (0, 0, 0), (1, -1, math.inf)])
def test_equal_zero_and_opposed_halves(one, two, spread):
    halves = (Dense(torch.full((8,), float(value))) for value in (one, two))
    found = spread_over_halves(
        *halves, lambda h: largest_eigenvalue(h, 1e-8, 8, torch.Generator().manual_seed(0))
    )
    assert found.value == spread


def test_one_half_that_did_not_converge():
    halves = (Dense(torch.arange(1.0, 50.0)), Dense(torch.ones(49)))
    found = spread_over_halves(
        *halves, lambda h: largest_eigenvalue(h, 1e-3, 3, torch.Generator().manual_seed(0))
    )
    assert not found.converged
