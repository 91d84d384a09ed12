"""The package behind the wrapper: its norms, its seed, few classes, and what it leaves behind."""

import sys

import pytest
import torch
from torch import nn

from advscape.attacks.autoattack import FEW_CLASSES, STANDARD, AutoAttack, components
from advscape.attacks.pgd import PGD
from advscape.losses import correct
from advscape.threat import ThreatModel
from tests.networks import assert_same, snapshot


def net_and_samples(classes, n=12):
    """A float32 net that classifies all of its samples but the first right."""
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng():
        torch.manual_seed(classes)
        net = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
            nn.Linear(4 * 36, classes),
        )  # fmt: skip
        x = torch.rand(n, 1, 6, 6, generator=generator)
        net(x)
    y = net.eval()(x).argmax(dim=1)
    y[0] = (y[0] + 1) % classes
    return net, x, y


def test_it_refuses_a_threat_model_without_the_box():
    with pytest.raises(ValueError, match="box must be true"):
        AutoAttack(ThreatModel("l2", 0.5))


@pytest.mark.parametrize("classes", [2, 3, 4, 10])
def test_components(classes):
    net, x, _ = net_and_samples(classes)
    assert components(net, x) == (STANDARD if classes >= 4 else FEW_CLASSES)


class TestWithThePackage:
    @pytest.fixture(autouse=True)
    def _package(self):
        pytest.importorskip("pyautoattack", reason="pyautoattack is not installed: make autoattack")

    # five classes: the package's nine targets would not exist
    @pytest.mark.parametrize("classes", [2, 5])
    @pytest.mark.parametrize(("norm", "epsilon"), [("l2", 0.1), ("linf", 0.02)])
    def test_inside_at_most_pgds_accuracy_and_leaving_no_trace(self, classes, norm, epsilon):
        net, x, y = net_and_samples(classes)
        threat = ThreatModel(norm, epsilon, box=True)
        nn.functional.cross_entropy(net.train()(x), y).backward()
        before, trace = snapshot(net), sys.gettrace()
        sys.settrace(_tracer)
        try:
            found = AutoAttack(threat)(net, x, y, torch.Generator().manual_seed(3))
            assert sys.gettrace() is _tracer
        finally:
            sys.settrace(trace)
        assert_same(before, snapshot(net))
        delta = (found - x).flatten(1)
        lengths = torch.linalg.vector_norm(delta, 2 if norm == "l2" else float("inf"), dim=1)
        assert not found.isnan().any()
        assert lengths.max() <= epsilon * (1 + 1e-5)
        assert found.min() >= 0
        assert found.max() <= 1
        net.eval()
        pgd = PGD(threat, steps=40)(net, x, y, torch.Generator().manual_seed(3))
        robust = correct(net(found), y)
        assert robust.sum() <= correct(net(pgd), y).sum()
        assert 0 < robust.sum() < correct(net(x), y).sum()
        assert torch.equal(found[robust], x[robust])  # whom it cannot fool it leaves alone

    def test_same_generator_same_noise(self):
        net, x, y = net_and_samples(2)
        attack = AutoAttack(ThreatModel("linf", 0.03, box=True))
        one, two = (attack(net, x, y, torch.Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(one, two)

    def test_epsilon_zero_is_the_clean_input(self):
        net, x, y = net_and_samples(2)
        found = AutoAttack(ThreatModel("l2", 0.0, box=True))(net, x, y, torch.Generator())
        assert torch.equal(found, x)


def _tracer(frame, event, argument):
    return None
