"""Maxima of float32 networks, found in float64; the referee is the same network, all in float64."""

import copy

import pytest
import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.float64 import in_float64
from advscape.curvature.newton import polish
from advscape.curvature.optimality import attack_optimality
from advscape.threat import ThreatModel
from tests.networks import assert_same, snapshot

THREATS = [ThreatModel("linf", 0.2, box=True), ThreatModel("l2", 1.5, box=True)]


class Bound(nn.Module):
    """A network with a constant that is no buffer, and so is float32 in every precision."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.mean = inner, torch.full((100, 100), 0.01)

    def forward(self, x):
        return self.inner(x - 0.1 * (x @ self.mean))


class Jumping(Bound):
    """A network that is another one in float64."""

    def forward(self, x):
        return self.inner(x) * (2 if x.dtype == torch.float64 else 1)


@pytest.fixture(scope="module")
def network():
    """Confident, so that its maxima are flat."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(100, 50), nn.GELU(), nn.Linear(50, 3)).double()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.mul_(5)
    return net.float()


@pytest.fixture(scope="module", params=THREATS, ids=str)
def samples(network, request):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(32, 100, generator=generator)
    y = torch.randint(0, 3, (32,), generator=generator)
    return AttackedSamples(x, PGD(request.param, 20)(network, x, y, generator), y, request.param)


def found(model, samples):
    climbed = refine(model, samples, 100, 1e-6).perturbed
    near = AttackedSamples(samples.x, climbed, samples.y, samples.threat)
    done = polish(model, near, 40, 1e-7, 16)
    at = AttackedSamples(samples.x, done.perturbed, samples.y, samples.threat)
    return attack_optimality(model, at, 1e-4, 16)


def test_a_float32_network_has_the_maxima_of_the_same_one_in_float64(network, samples):
    own = found(network, samples)
    _, wide = in_float64(network, samples)
    other = found(copy.deepcopy(network).double(), wide)
    assert own.n_valid == other.n_valid == len(samples)
    assert torch.allclose(own.losses.double(), other.losses, rtol=1e-5, atol=1e-9)
    assert torch.allclose(own.maxima.x.double(), other.maxima.x, atol=1e-5)
    assert {t.dtype for t in (own.maxima.x, own.maxima.axes, own.steps)} == {torch.float32}


@pytest.mark.parametrize("kind", [Bound, Jumping])
def test_a_network_that_is_not_the_same_in_float64_keeps_its_precision(
    kind, network, samples, caplog
):
    model = kind(copy.deepcopy(network)).train()
    before = snapshot(model)
    assert in_float64(model, samples) == (model, samples)
    (record,) = caplog.records
    assert record.message.startswith("maxima are sought in torch.float32, not in float64: ")
    assert_same(before, snapshot(model))
    assert found(model, samples).n_valid >= 20
