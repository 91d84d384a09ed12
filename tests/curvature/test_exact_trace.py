"""Traces without probes against dense Hessians, and on which networks they are taken."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from advscape.curvature.exact_trace import exact_traces, gauss_newton_traces, linear_in_each
from advscape.curvature.functional import FunctionalOperator
from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.trace import remaining_traces
from advscape.models.resnet import SmallImageResNet18
from tests.curvature.test_hessian import dense
from tests.networks import assert_same, batch, small_net, snapshot


class Twice(nn.Module):
    """One linear layer, used twice: not linear in its weights."""

    def __init__(self):
        super().__init__()
        self.first, self.layer, self.last = (nn.Linear(a, b) for a, b in ((16, 5), (5, 5), (5, 3)))

    def forward(self, x):
        return self.last(self.layer(self.layer(self.first(x.flatten(1)).relu())))


class Odd(nn.Module):
    """Linear in each tensor, by an operator that torch cannot take sample by sample."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(16, 3)

    def forward(self, x):
        scale = 2.0 if x.flatten().tolist()[0] > -1 else 1.0
        return scale * self.layer(x.flatten(1))


def pooled():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.LeakyReLU(), nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 3),
    )  # fmt: skip


def blocks(model, x, y):
    """Traces of the dense Hessian's diagonal blocks."""
    sizes = [p.numel() for p in model.parameters()]
    return np.array([part.sum() for part in dense(model, x, y).diagonal().split(sizes)])


LINEAR = {
    "relu": lambda: small_net(activation=nn.ReLU),
    "max pooling, leaky ReLU": pooled,
    "no hidden layer": lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 3)),
    "one logit": lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 1)),
    "resnet18": lambda: SmallImageResNet18(3, (1, 4, 4), width=1),
}
BENT = {
    "gelu": lambda: small_net(activation=nn.GELU),
    "hard swish": lambda: small_net(activation=nn.Hardswish),
    "layer norm": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(16, 5), nn.LayerNorm(5), nn.Linear(5, 3)
    ),
    "a layer twice": Twice,
    "weight norm": lambda: nn.Sequential(
        nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(16, 3))
    ),
}


@pytest.mark.parametrize("make", LINEAR.values(), ids=LINEAR)
@pytest.mark.parametrize("at_once", [2**25, 1])
def test_every_blocks_trace_is_the_dense_hessians(make, at_once, monkeypatch):
    monkeypatch.setattr("advscape.curvature.exact_trace._AT_ONCE", at_once)
    torch.manual_seed(0)
    model, (x, y) = make().double().eval(), batch(7)
    y = y % 2 if make is LINEAR["one logit"] else y
    before = snapshot(model)
    found = exact_traces(HessianOperator(model, x, y, 3))
    assert_same(before, snapshot(model))
    exact = blocks(model, x, y)
    np.testing.assert_allclose([t.value for t in found.layers], exact, rtol=1e-9, atol=1e-12)
    assert found.total.value == pytest.approx(exact.sum(), rel=1e-9)
    assert (found.exact, found.total.stderr, found.total.products) == (True, 0, 0)


@pytest.mark.parametrize("make", BENT.values(), ids=BENT)
def test_other_networks_are_not_taken_for_linear(make):
    torch.manual_seed(0)
    model, (x, y) = make().double().eval(), batch(7)
    assert not linear_in_each(model, list(model.parameters()), x, y)
    assert exact_traces(HessianOperator(model, x, y, 3)) is None


def test_gauss_newtons_traces_are_those_of_any_network():
    model, (x, y) = small_net(activation=nn.GELU), batch(7)
    operator = GaussNewtonOperator(model, x, y, 7)
    columns = operator @ torch.eye(operator.dim, dtype=torch.float64)
    sizes = [p.numel() for p in operator.parameters]
    exact = [part.sum() for part in columns.diagonal().split(sizes)]
    np.testing.assert_allclose(gauss_newton_traces(model, operator.parameters, x, y), exact)


def test_only_some_parameters():
    model, (x, y) = small_net(activation=nn.ReLU), batch(7)
    some = [model[0].weight, model[4].bias]
    found = exact_traces(HessianOperator(model, x, y, 7, some))
    exact = blocks(model, x, y)[[0, 5]]
    np.testing.assert_allclose([t.value for t in found.layers], exact, rtol=1e-9)


def test_what_torch_cannot_take_sample_by_sample_is_estimated(caplog):
    model, (x, y) = Odd().double(), batch(7)
    with caplog.at_level(logging.INFO, "advscape.curvature"):
        assert exact_traces(HessianOperator(model, x, y, 7)) is None
    assert "estimated from probes: no gradients of single samples" in caplog.text


def test_other_operators_have_none():
    model, (x, y) = small_net(activation=nn.ReLU), batch(7)
    assert exact_traces(FunctionalOperator(model, x, y, 7)) is None


def test_what_an_exact_trace_leaves_is_exact():
    model, (x, y) = small_net(activation=nn.ReLU), batch(7)
    found = exact_traces(HessianOperator(model, x, y, 7))
    left = remaining_traces(found, [found])
    assert left.exact
    assert [t.value for t in left.layers] == [0] * len(found.layers)
