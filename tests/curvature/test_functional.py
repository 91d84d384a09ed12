"""The Hessian's two terms at fixed inputs, and single samples' parts in them."""

import pytest
import torch
from torch import nn
from torch.func import functional_call, hessian

from advscape.curvature.by_sample import second_derivatives
from advscape.curvature.functional import FunctionalOperator
from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.hessian import HessianOperator
from advscape.losses import precise_losses
from tests.networks import assert_same, batch, small_net, snapshot


def written_out(operator):
    return operator @ torch.eye(operator.dim, dtype=torch.float64)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
@pytest.mark.parametrize("size", [10, 4])
def test_it_is_the_sum_over_logits_of_their_hessians(activation, size):
    model, (x, y) = small_net(activation=activation).eval(), batch(10)
    named = dict(model.named_parameters())
    slopes = model(x).detach().softmax(dim=1) - nn.functional.one_hot(y, 3)
    sizes = [p.numel() for p in model.parameters()]

    def weighed(flat):
        parts = zip(named.items(), flat.split(sizes), strict=True)
        tensors = {name: part.view_as(p) for (name, p), part in parts}
        return (functional_call(model, tensors, (x,)) * slopes).sum() / len(y)

    dense = hessian(weighed)(nn.utils.parameters_to_vector(named.values()).detach())
    functional = written_out(FunctionalOperator(model, x, y, size))
    assert torch.allclose(functional, dense, rtol=1e-9, atol=1e-11)
    assert torch.linalg.eigvalsh(functional)[0] < -1e-3
    outer = written_out(GaussNewtonOperator(model, x, y, size))
    whole = written_out(HessianOperator(model, x, y, size))
    assert torch.allclose(outer + functional, whole, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
@pytest.mark.parametrize("kind", [HessianOperator, GaussNewtonOperator, FunctionalOperator])
def test_each_samples_part_is_that_of_an_operator_of_its_own(kind, activation, generator):
    model, (x, y) = small_net(activation=activation), batch(6)
    operator = kind(model, x, y, 4)
    v = operator.random_vector(generator)
    single = [kind(model, x[i : i + 1], y[i : i + 1], 1) for i in range(6)]
    exact = torch.stack([v @ (one @ v) for one in single])
    before = snapshot(model)
    assert torch.allclose(operator.by_sample(v), exact, rtol=1e-9, atol=1e-12)
    assert_same(before, snapshot(model))
    values, sizes = operator.by_batches(v, 4)
    assert sizes.tolist() == [4, 2]
    means = torch.stack([exact[:4].mean(), exact[4:].mean()])
    assert torch.allclose(values, means, rtol=1e-9, atol=1e-12)


def test_chosen_parameters():
    model, (x, y) = small_net().eval(), batch(5)
    head = list(model[4].parameters())
    v = torch.randn(sum(p.numel() for p in head), dtype=torch.float64)
    found = second_derivatives(model, head, x, y, v, 2)
    here = [p.detach().clone() for p in head]

    def losses(t):
        pieces = v.split([p.numel() for p in head])
        with torch.no_grad():
            for p, old, piece in zip(head, here, pieces, strict=True):
                p.copy_(old + t * piece.view_as(p))
            return precise_losses(model(x), y)

    h = 1e-4
    second = (losses(h) - 2 * losses(0) + losses(-h)) / h**2
    assert torch.allclose(found, second, rtol=1e-4, atol=1e-5)
