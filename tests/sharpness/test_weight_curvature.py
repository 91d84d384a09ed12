import copy
import logging

import pytest
import torch
from torch import nn
from torch.func import functional_call, hessian

from advscape.losses import sample_losses
from advscape.sharpness.weight_curvature import weight_curvature_index
from tests.networks import assert_same, batch, small_net, snapshot


def exact(model, x, y):
    """The index from the dense Hessian of each weight matrix."""
    model = copy.deepcopy(model).eval().requires_grad_(False)
    total = 0.0
    for name, weight in model.named_parameters():
        if weight.ndim < 2:
            continue

        def loss(w, name=name):
            return sample_losses(functional_call(model, {name: w}, (x,)), y).mean()

        block = hessian(loss)(weight.detach()).reshape(weight.numel(), weight.numel())
        total += float(weight.norm() * block.trace().sqrt())
    return total


def index(model, probes=10, seed=0):
    return weight_curvature_index(
        model, *batch(10), 10, probes, torch.Generator().manual_seed(seed)
    )  # fmt: skip


def test_many_probes_come_to_the_dense_hessians_index():
    model = small_net()
    wanted = exact(model, *batch(10))
    found = index(model, probes=300)
    assert found.value == pytest.approx(wanted, abs=4 * found.stderr)
    assert found.stderr < 0.1 * wanted
    assert (found.draws, found.n) == (300, 10)


def test_the_standard_error_is_the_spread_over_seeds():
    model = small_net()
    found = [index(model, seed=seed) for seed in range(40)]
    spread = torch.tensor([each.value for each in found]).std()
    claimed = torch.tensor([each.stderr for each in found]).mean()
    assert claimed == pytest.approx(float(spread), rel=0.3)


def test_rescaling_a_pair_of_relu_layers_changes_nothing():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    same_function = copy.deepcopy(net)
    with torch.no_grad():
        same_function[1].weight.mul_(5)
        same_function[1].bias.mul_(5)
        same_function[3].weight.div_(5)
    x, y = batch(10)
    wanted = exact(net, x, y)
    assert exact(same_function, x, y) == pytest.approx(wanted, rel=1e-9)
    # the blocks' traces scale by 1/25 and 25; without probes, since the network is ReLU's
    for found in (index(net), index(same_function)):
        assert found.value == pytest.approx(wanted, rel=1e-9)
        assert (found.stderr, found.draws, found.n) == (0, 0, 10)


def test_a_negative_trace_counts_as_0_and_is_told(monkeypatch, caplog):
    model = small_net()
    x, y = batch(10)
    monkeypatch.setattr(
        "advscape.sharpness.weight_curvature.layer_traces",
        lambda operator, probes, generator: _traces([[4.0, 4.0], [-1.0, -3.0]]),
    )
    with caplog.at_level(logging.WARNING, "advscape.sharpness"):
        found = weight_curvature_index(model, x, y, 4, 2, torch.Generator())
    assert found.value == pytest.approx(2 * float(model[0].weight.detach().norm()))
    assert "1 of 2 traces below 0" in caplog.text


def _traces(samples):
    class Layer:
        def __init__(self, values):
            self.samples = tuple(values)

    class Found:
        layers = tuple(Layer(values) for values in samples)

    return Found()


def test_the_model_is_left_as_it_was():
    model = small_net()
    before = snapshot(model)
    index(model, probes=2)
    assert_same(before, snapshot(model))
