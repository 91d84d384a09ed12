"""The package behind the wrapper: its norms, its seed, few classes, and what it leaves behind."""

import sys

import pytest
import torch
from torch import nn

from advscape.attacks.autoattack import FEW_CLASSES, STANDARD, AutoAttack, components
from advscape.attacks.autoattack_images import needed_size
from advscape.attacks.pgd import PGD
from advscape.errors import UserError
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


#: heights and widths on which pyautoattack 0.2.0's Square attack ends in an error with L2, and does
#: not, each tried with the package
NO_IMAGES = [(4, 4), (1, 1), (1, 64), (3, 40), (12, 12), (14, 14), (18, 18), (19, 19), (24, 24),
             (33, 6), (37, 14), (39, 36)]  # fmt: skip
IMAGES = [(5, 5), (8, 8), (9, 40), (28, 28), (32, 32), (16, 32), (32, 16), (10, 10), (40, 40),
          (24, 3), (25, 1), (64, 64)]  # fmt: skip


@pytest.mark.parametrize("size", NO_IMAGES)
def test_images_that_it_cannot_take_are_one_line(size):
    line = f"got 'autoattack' for images of {size[0]} x {size[1]} pixels with norm l2; allowed: "
    assert needed_size((3, *size), "linf") is None
    x = torch.rand(2, 3, *size)
    model = nn.Sequential(nn.Flatten(), nn.Linear(x[0].numel(), 2))
    with pytest.raises(UserError, match=line):  # before it asks for the package
        AutoAttack(ThreatModel("l2", 0.1, box=True))(
            model, x, torch.zeros(2, dtype=torch.int64), torch.Generator()
        )


@pytest.mark.parametrize("size", IMAGES)
def test_images_that_it_takes(size):
    assert needed_size((3, *size), "l2") is None


@pytest.mark.parametrize("classes", [2, 3, 4, 10])
def test_components(classes):
    net, x, _ = net_and_samples(classes)
    assert components(net, x) == (STANDARD if classes >= 4 else FEW_CLASSES)


class TestWithThePackage:
    @pytest.fixture(autouse=True)
    def _package(self):
        pytest.importorskip("pyautoattack", reason="pyautoattack is not installed: make autoattack")

    @pytest.mark.parametrize("norm", ["l2", "linf"])
    @pytest.mark.parametrize("size", NO_IMAGES + IMAGES)
    def test_its_square_attack_fails_where_we_say_so(self, size, norm):
        from pyautoattack.square import SquareAttack

        def never_fooled(x):
            return torch.tensor([[10.0, 0.0]]).repeat(len(x), 1)

        attack = SquareAttack(never_fooled, norm=norm.replace("l", "L"), n_queries=12, eps=0.1)
        x, y = torch.rand(2, 1, *size), torch.zeros(2, dtype=torch.int64)
        if norm == "l2" and size in NO_IMAGES:
            with pytest.raises((ZeroDivisionError, RuntimeError)):
                attack.perturb(x, y)
        else:
            assert attack.perturb(x, y).shape == x.shape

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
