import pytest
import torch
from torch import nn
from torch.nn import functional

from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.hessian import HessianOperator
from tests.curvature.test_hessian import dense
from tests.networks import batch, small_net


@pytest.mark.parametrize("size", [10, 4])
def test_a_block_is_its_columns(size):
    model, (x, y) = small_net(), batch(10)
    operator = HessianOperator(model, x, y, size)
    block = torch.randn(operator.dim, 3, dtype=torch.float64)
    products = operator @ block
    assert torch.allclose(products, dense(model, x, y) @ block, rtol=1e-9, atol=1e-11)
    for column, product in zip(block.T, products.T, strict=True):
        assert torch.equal(operator @ column, product)
    assert operator.products == 6


def test_vectors_of_another_length():
    model, (x, y) = small_net(), batch(10)
    operator = HessianOperator(model, x, y, 4)
    with pytest.raises(ValueError, match=rf"got shape \(7,\); allowed: \({operator.dim},\)"):
        operator @ torch.ones(7, dtype=torch.float64)


def test_float64_sums_of_float32_products():
    model, (x, y) = small_net(), batch(64)
    exact = HessianOperator(model, x, y, 64)
    single = small_net(dtype=torch.float32)
    single.load_state_dict(model.state_dict())
    summed = HessianOperator(single, x.float(), y, 1, dtype=torch.float64)
    v = summed.signs(torch.Generator().manual_seed(0))
    assert v.dtype == torch.float64
    product = summed @ v
    assert product.dtype == torch.float64
    assert (product - exact @ v).norm() < 1e-6 * (exact @ v).norm()
    assert (summed @ v.float()).dtype == torch.float32


def test_frozen_parameters_may_be_chosen():
    model, (x, y) = small_net(), batch(10)
    matrix = dense(model, x, y)
    model.requires_grad_(False)
    operator = HessianOperator(model, x, y, 10, list(model[4].parameters()))
    products = operator @ torch.eye(operator.dim, dtype=torch.float64)
    assert torch.allclose(products, matrix[-operator.dim :, -operator.dim :], atol=1e-11)
    products = operator @ torch.eye(operator.dim, dtype=torch.float64)  # from the kept graph
    assert not any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("kind", [HessianOperator, GaussNewtonOperator])
@pytest.mark.parametrize("size", [10, 4])
def test_the_start_is_the_gradient_and_something_of_everything(kind, size):
    model, (x, y) = small_net(), batch(10)
    model.eval()  # as the operator uses it
    operator, seed = kind(model, x, y, size), torch.Generator()
    slopes = torch.autograd.grad(functional.cross_entropy(model(x), y), list(model.parameters()))
    gradient = torch.cat([slope.flatten() for slope in slopes])
    rest = operator.start_vector(seed.manual_seed(3)) - gradient / gradient.norm()
    assert torch.allclose(rest, operator.random_vector(seed.manual_seed(3)) / 3, atol=1e-12)
    assert operator.products == 0


def test_the_start_where_there_is_no_gradient():
    model = nn.Linear(3, 2).double()
    model.requires_grad_(False).weight.zero_()
    model.bias.zero_()
    x = torch.ones(2, 3, dtype=torch.float64)
    operator = HessianOperator(model, x, torch.tensor([0, 1]), 2, list(model.parameters()))
    start = operator.start_vector(torch.Generator().manual_seed(0))
    assert torch.equal(start, operator.random_vector(torch.Generator().manual_seed(0)) / 3)
