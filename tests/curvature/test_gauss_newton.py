"""Products against J^T S J written out, and curvlinops."""

import numpy as np
import pytest
import torch
from torch.func import functional_call, jacrev

from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.linear.robust_loss import LinearModel, RobustLoss
from tests.networks import as_network, assert_same, batch, small_net, snapshot


def dense(model, x, y):
    """The mean of J^T S J over the parameters in order: (dim, dim) float64."""
    model.eval()
    parameters = dict(model.named_parameters())
    p = model(x).detach().softmax(dim=1)
    s = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    jacobians = jacrev(lambda w: functional_call(model, w, (x,)))(parameters)
    j = torch.cat([jacobian.flatten(2) for jacobian in jacobians.values()], dim=2)
    return torch.einsum("nci,ncd,ndj->ij", j, s, j) / len(y)


@pytest.mark.parametrize("size", [10, 4, 1])
def test_products_are_the_written_out_ones(size):
    model, (x, y) = small_net(), batch(10)
    operator = GaussNewtonOperator(model, x, y, size)
    products = operator @ torch.eye(operator.dim, dtype=torch.float64)
    assert torch.allclose(products, dense(model, x, y), rtol=1e-9, atol=1e-11)


def test_products_are_curvlinops():
    from curvlinops import GGNLinearOperator

    model, (x, y) = small_net().eval(), batch(10)
    theirs = GGNLinearOperator(
        model, torch.nn.CrossEntropyLoss(), list(model.parameters()), [(x, y)], progressbar=False
    )
    ours = GaussNewtonOperator(model, x, y, 10)
    v = torch.randn(ours.dim, dtype=torch.float64)
    assert torch.allclose(ours @ v, theirs @ v, rtol=1e-9, atol=1e-11)


def test_for_a_linear_model_it_is_the_hessian_also_when_saturated():
    """Margins of 30: float32 has no p (1 - p) there unless p - 1 is taken from the others."""
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(30, 5)), np.where(np.arange(30) % 3 == 0, 1.0, -1.0)
    w = rng.normal(size=5)
    x += np.outer(t * 30 - x @ w, w) / (w @ w)
    line = LinearModel(w, 0.3)
    inputs, y = torch.from_numpy(x), torch.from_numpy((t > 0).astype(np.int64))
    exact = RobustLoss(x, t, 0.0).hessian(line)
    for dtype, rtol in ((torch.float64, 1e-9), (torch.float32, 1e-4)):
        model = as_network(line).to(dtype)
        operator = GaussNewtonOperator(model, inputs.to(dtype), y, 30, [model.linear.weight])
        found = operator @ torch.eye(5, dtype=dtype)
        assert np.allclose(
            found.double().numpy(), exact, rtol=rtol, atol=rtol * np.abs(exact).max()
        )


def test_the_model_is_left_as_it_was():
    model, (x, y) = small_net().train(), batch(10)
    before = snapshot(model)
    operator = GaussNewtonOperator(model, x, y, 3)
    operator @ torch.ones(operator.dim, dtype=torch.float64)
    assert_same(before, snapshot(model))
