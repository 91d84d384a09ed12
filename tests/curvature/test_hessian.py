"""Products against the dense Hessian by autograd, curvlinops, and the closed form."""

import numpy as np
import pytest
import torch
from torch.func import functional_call, hessian

from advscape.curvature.hessian import HessianOperator
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.losses import sample_losses
from tests.networks import as_network, assert_same, batch, small_net, snapshot


def dense(model, x, y):
    """The Hessian of the mean loss, written out: (dim, dim) float64."""
    model.eval()
    parameters = dict(model.named_parameters())
    shapes = {name: p.shape for name, p in parameters.items()}
    flat = torch.cat([p.detach().reshape(-1) for p in parameters.values()])

    def loss(vector):
        parts = vector.split([s.numel() for s in shapes.values()])
        values = {n: v.view(s) for (n, s), v in zip(shapes.items(), parts, strict=True)}
        return sample_losses(functional_call(model, values, (x,)), y).mean()

    return hessian(loss)(flat)


@pytest.mark.parametrize("size", [10, 4, 3, 1])  # also with a short last batch
def test_products_are_the_dense_hessians(size):
    model, (x, y) = small_net(), batch(10)
    operator = HessianOperator(model, x, y, size)
    matrix = dense(model, x, y)
    for v in torch.randn(3, operator.dim, dtype=torch.float64):
        assert torch.allclose(operator @ v, matrix @ v, rtol=1e-9, atol=1e-11)
    assert operator.products == 3


def test_products_are_curvlinops():
    from curvlinops import HessianLinearOperator

    model, (x, y) = small_net().eval(), batch(10)
    theirs = HessianLinearOperator(
        model, torch.nn.CrossEntropyLoss(), list(model.parameters()), [(x, y)], progressbar=False
    )
    ours = HessianOperator(model, x, y, 10)
    v = torch.randn(ours.dim, dtype=torch.float64)
    assert torch.allclose(ours @ v, theirs @ v, rtol=1e-9, atol=1e-11)


def test_chosen_parameters_are_a_block():
    model, (x, y) = small_net(), batch(10)
    matrix = dense(model, x, y)
    head = list(model[4].parameters())
    operator = HessianOperator(model, x, y, 10, head)
    v = torch.randn(operator.dim, dtype=torch.float64)
    assert torch.allclose(operator @ v, matrix[-operator.dim :, -operator.dim :] @ v, atol=1e-11)


@pytest.mark.parametrize("size", [10, 3])
def test_the_model_is_left_as_it_was(size):
    model, (x, y) = small_net().train(), batch(10)
    before = snapshot(model)
    operator = HessianOperator(model, x, y, size)
    operator @ torch.ones(operator.dim, dtype=torch.float64)
    assert_same(before, snapshot(model))


def test_at_optimal_noise_it_is_the_closed_forms_frozen_part():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(30, 5)), np.where(np.arange(30) % 3 == 0, 1.0, -1.0)
    line, epsilon = LinearModel(rng.normal(size=5), 0.3), 0.7
    model = as_network(line)
    noisy = torch.from_numpy(x - epsilon * t[:, None] * line.w / line.norm)
    y = torch.from_numpy((t > 0).astype(np.int64))
    operator = HessianOperator(model, noisy, y, 30, [model.linear.weight])
    products = torch.stack([operator @ e for e in torch.eye(5, dtype=torch.float64)])
    frozen = RobustLoss(x, t, epsilon).hessian(line, "frozen")
    assert np.allclose(products.numpy(), frozen, rtol=1e-10, atol=1e-12)
