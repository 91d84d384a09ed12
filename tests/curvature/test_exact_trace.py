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
from advscape.curvature.sample_squares import NotLayered, by_layers, one_by_one
from advscape.curvature.trace import remaining_traces
from advscape.losses import logit_gaps
from advscape.models.resnet import SmallImageResNet18
from advscape.models.untouched import untouched
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
@pytest.mark.parametrize("fast", [True, False])
def test_every_blocks_trace_is_the_dense_hessians(make, fast, monkeypatch):
    if not fast:
        monkeypatch.setattr("advscape.curvature.exact_trace._layered", lambda *_: False)
    torch.manual_seed(0)
    model, (x, y) = make().double().eval(), batch(7)
    y = y % 2 if make is LINEAR["one logit"] else y
    before = snapshot(model)
    found = exact_traces(HessianOperator(model, x, y, 3), 2)
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
    assert exact_traces(HessianOperator(model, x, y, 3), 2) is None


def test_a_bend_that_few_samples_show_is_in_the_trace():
    """Softplus of a large beta is straight on all samples but those next to its bend."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(16, 8), nn.Softplus(beta=1e7), nn.Linear(8, 3)
    ).double().eval()  # fmt: skip
    x, y = batch(7)
    with torch.no_grad():  # one unit of the last sample is at its bend
        model[1].bias[0] -= model[:2](x)[6, 0]
    exact = blocks(model, x, y)
    operator = HessianOperator(model, x, y, 7)
    straight = gauss_newton_traces(model, operator.parameters, x, y, 7)
    assert abs(exact.sum() - straight.sum()) > 1
    assert linear_in_each(model, operator.parameters, x[:6], y[:6])
    assert exact_traces(operator, 2) is None


def test_gauss_newtons_traces_are_those_of_any_network():
    model, (x, y) = small_net(activation=nn.GELU), batch(7)
    operator = GaussNewtonOperator(model, x, y, 7)
    columns = operator @ torch.eye(operator.dim, dtype=torch.float64)
    sizes = [p.numel() for p in operator.parameters]
    exact = [part.sum() for part in columns.diagonal().split(sizes)]
    found = gauss_newton_traces(model, operator.parameters, x, y, 3)
    np.testing.assert_allclose(found, exact)


class Shared(nn.Module):
    """A weight that two layers have, and one that is used beside its layer."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 3)
        self.b.weight = self.a.weight

    def forward(self, x):
        x = self.b(self.a(x.flatten(1)).relu())
        return self.c(x) + x @ self.c.weight.T


class Mixed(nn.Module):
    """Samples see each other: the mean of a batch is taken away."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(16, 3)

    def forward(self, x):
        outputs = self.layer(x.flatten(1))
        return outputs + outputs.mean(dim=0)


def squares(model, how, x, y):
    """Squared gradients by a function, of random vectors."""
    rows = torch.randn(2, len(y), 2, dtype=x.dtype, generator=torch.Generator().manual_seed(0))
    with untouched(model):
        return how(model, list(model.parameters()), x, y, rows)


@pytest.mark.parametrize("make", [pooled, LINEAR["relu"], lambda: nn.Sequential(
    nn.Conv2d(1, 4, 2, stride=2, padding=1, dilation=2, bias=False), nn.GELU(), nn.Flatten(2),
    nn.Linear(4, 5), nn.BatchNorm1d(4), nn.Flatten(), nn.Linear(20, 3),
)], ids=["pooled", "relu", "dilated, places"])  # fmt: skip
def test_layer_by_layer_as_autograd_has_it_sample_by_sample(make):
    torch.manual_seed(0)
    model, (x, y) = make().double().eval(), batch(5)
    rows = torch.randn(2, 5, 2, dtype=x.dtype, generator=torch.Generator().manual_seed(0))
    exact = torch.zeros(5, len(list(model.parameters())), dtype=x.dtype)
    for i in range(5):
        for row in rows:
            gap = logit_gaps(model(x[i : i + 1]), y[i : i + 1])
            gradients = torch.autograd.grad((gap * row[i]).sum(), list(model.parameters()))
            exact[i] += torch.stack([g.square().sum() for g in gradients])
    for how in (by_layers, one_by_one):
        torch.testing.assert_close(squares(model, how, x, y), exact, rtol=1e-9, atol=1e-12)


def test_tensors_without_a_layer_of_their_own_are_taken_one_by_one():
    x, y = batch(5)
    for model in (Shared(), BENT["layer norm"](), Twice()):
        with pytest.raises(NotLayered):
            squares(model.double(), by_layers, x, y)


def test_what_layers_do_not_show_is_seen_on_the_samples_that_are_tried():
    torch.manual_seed(0)
    x, y = batch(5)
    beside = Shared().double()
    beside.b.weight = nn.Parameter(torch.randn(16, 16, dtype=x.dtype))
    for model in (beside, Mixed().double()):
        wrong, right = (squares(model, how, x, y) for how in (by_layers, one_by_one))
        assert not torch.allclose(wrong, right, rtol=0.01)
        operator = GaussNewtonOperator(model, x[:1], y[:1], 1)
        columns = operator @ torch.eye(operator.dim, dtype=torch.float64)
        sizes = [p.numel() for p in operator.parameters]
        exact = [part.sum() for part in columns.diagonal().split(sizes)]
        found = gauss_newton_traces(model, operator.parameters, x[:1], y[:1], 1)
        np.testing.assert_allclose(found, exact)


def test_only_some_parameters():
    model, (x, y) = small_net(activation=nn.ReLU), batch(7)
    some = [model[0].weight, model[4].bias]
    found = exact_traces(HessianOperator(model, x, y, 7, some), 2)
    exact = blocks(model, x, y)[[0, 5]]
    np.testing.assert_allclose([t.value for t in found.layers], exact, rtol=1e-9)


def test_what_torch_cannot_take_sample_by_sample_is_estimated(caplog):
    model, (x, y) = Odd().double(), batch(7)
    with caplog.at_level(logging.INFO, "advscape.curvature"):
        assert exact_traces(HessianOperator(model, x, y, 7), 2) is None
    assert "estimated from probes: no gradients of single samples" in caplog.text


def test_other_operators_have_none():
    model, (x, y) = small_net(activation=nn.ReLU), batch(7)
    assert exact_traces(FunctionalOperator(model, x, y, 7), 2) is None


def test_what_an_exact_trace_leaves_is_exact():
    model, (x, y) = small_net(activation=nn.ReLU), batch(7)
    found = exact_traces(HessianOperator(model, x, y, 7), 2)
    left = remaining_traces(found, [found])
    assert left.exact
    assert [t.value for t in left.layers] == [0] * len(found.layers)


def test_many_classes_are_left_to_probes():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 30)).double()
    x, y = batch(7)
    assert exact_traces(HessianOperator(model, x, y, 7), 2) is None
    assert exact_traces(HessianOperator(model, x, y, 7), 3).exact
