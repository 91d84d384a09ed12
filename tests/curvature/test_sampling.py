"""The error of an eigenvalue over samples."""

import numpy as np
import pytest
import torch
from torch import nn

from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import largest_eigenvalue
from advscape.curvature.sampling import sample_error
from advscape.models.linear import LinearLogistic
from tests.networks import batch, small_net


def top(operator, generator):
    return largest_eigenvalue(operator, 1e-10, operator.dim, generator.manual_seed(0))


def test_it_is_the_spread_of_lambda_max_over_draws(generator):
    """A line on inputs far from each other: the eigenvector is nearly the same for any draw."""
    rng = np.random.default_rng(0)
    found, told = [], []
    for _ in range(300):
        x = torch.from_numpy(rng.normal(size=(100, 4)) * [6.0, 1, 1, 1])
        model = LinearLogistic(4).double()
        nn.init.zeros_(model.linear.weight)
        operator = HessianOperator(model, x, torch.zeros(100, dtype=torch.int64), 100)
        pair = top(operator, generator)
        found.append(pair.value)
        told.append(sample_error(operator, pair, 100).value)
    spread = np.std(found, ddof=1)
    # 300 draws tell a standard deviation to 4 %
    assert np.mean(told) == pytest.approx(spread, rel=0.15)
    error = sample_error(operator, pair, 100)
    assert error.needed(pair.value) == pytest.approx(100 * (error.value / pair.value / 0.1) ** 2)


class Rounded(nn.Module):
    """Torch cannot differentiate it forwards."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, slope):
            return slope.clone()

    def __init__(self):
        super().__init__()
        self.net = small_net()

    def forward(self, x):
        return self.Own.apply(self.net(x))


def test_batches_stand_in_where_single_samples_cannot_be_told(generator, caplog):
    caplog.set_level("INFO", "advscape")
    x, y = batch(64)
    errors = []
    for model in (small_net(), Rounded()):
        operator = HessianOperator(model, x, y, 64)
        errors.append(sample_error(operator, top(operator, generator), 64).value)
    assert "not by single samples" in caplog.text
    assert errors[1] == pytest.approx(errors[0], rel=0.4)


def test_one_sample_has_no_error(generator):
    x, y = batch(1)
    operator = GaussNewtonOperator(small_net(), x, y, 1)
    assert sample_error(operator, top(operator, generator), 1) is None
