import copy

import pytest
import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.losses import sample_losses
from advscape.models.restored import moved
from advscape.sharpness.network import TrainedNetwork
from advscape.sharpness.perturbation import layer_scale
from advscape.sharpness.robust_flatness import RobustFlatness
from advscape.threat import ThreatModel
from tests.networks import assert_same, batch, small_net, snapshot

ATTACK = PGD(ThreatModel("l2", 0.4), steps=6, relative_step=3.0)


def flatness(model=None, radius=0.3, attack=ATTACK, size=4):
    x, y = batch(10)
    network = TrainedNetwork(
        model or small_net(), x, y, x, attack, 5, ("adversarial",), size, lambda _: generator()
    )
    return RobustFlatness(network, radius)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_radius_of_0_gives_exactly_0():
    average = flatness(radius=0.0).average(3, generator())
    worst = flatness(radius=0.0).worst(3, 2, generator())
    assert (average.value, average.stderr) == (0, 0)
    assert (worst.value, worst.spread) == (0, 0)


def test_the_attack_is_made_anew_at_every_weight():
    """The attack is asked at w, and at each w + nu of the ball; batch norm never moves."""
    model, seen = small_net(), []

    def attack(net, *arguments, **options):
        seen.append([p.detach().clone() for p in net.parameters()])
        return ATTACK(net, *arguments, **options)

    home = [p.detach().clone() for p in model.parameters()]
    flatness(model, attack=attack, size=10).average(4, generator())
    assert len(seen) == 5
    assert all(torch.equal(a, b) for a, b in zip(seen[0], home, strict=True))
    for weights in seen[1:]:
        for (name, _), w, w0 in zip(model.named_parameters(), weights, home, strict=True):
            if name.startswith("1."):
                assert torch.equal(w, w0), name
            else:
                assert 0 < (w - w0).norm() <= 0.3 * (1 + 1e-9) * w0.norm(), name


def test_average_is_the_mean_rise_of_the_attacked_loss():
    """Against the definition, spelt out for the same draws."""
    model, (x, y) = small_net(), batch(10)
    found = flatness(model, size=10).average(4, generator())

    def robust_loss():
        perturbed = ATTACK(model, x, y, generator(5))
        with torch.no_grad():
            model.eval()
            return float(sample_losses(model(perturbed), y).mean())

    parameters = list(model.parameters())
    draws, centre, rises = generator(), robust_loss(), []
    c = layer_scale(model, parameters)
    ball = flatness(model)._ball
    for _ in range(4):
        with moved(parameters, c * ball.draw(draws, c)):
            rises.append(robust_loss() - centre)
    assert found.value == pytest.approx(sum(rises) / 4, rel=1e-9)
    assert found.stderr == pytest.approx(float(torch.tensor(rises).std()) / 2, rel=1e-6)
    assert (found.draws, found.n) == (4, 10)


def test_the_worst_rise_is_above_random_ones_and_grows_with_the_radius():
    worst = [flatness(radius=r).worst(15, 2, generator()).value for r in (0.01, 0.1)]
    average = flatness(radius=0.1).average(10, generator())
    assert worst[1] > worst[0] > 0
    assert worst[1] > average.value + 3 * average.spread


def test_rescaling_a_pair_of_relu_layers_changes_nothing():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)
    ).double()  # fmt: skip
    same_function = copy.deepcopy(net)
    with torch.no_grad():
        same_function[1].weight.mul_(5)
        same_function[1].bias.mul_(5)
        same_function[3].weight.div_(5)
    one, two = (flatness(m).average(3, generator()).value for m in (net, same_function))
    assert one == pytest.approx(two, rel=1e-9)
    one, two = (flatness(m).worst(8, 2, generator()).value for m in (net, same_function))
    assert one == pytest.approx(two, rel=1e-9)


@pytest.mark.parametrize("epsilon", [0.0, 0.4])
def test_the_model_is_left_as_it_was_and_a_seed_gives_the_same_numbers(epsilon):
    model = small_net()
    before = snapshot(model)
    attack = PGD(ThreatModel("l2", epsilon), steps=2)
    found = [
        (f.average(2, generator()), f.worst(3, 2, generator()))
        for f in (flatness(model, attack=attack) for _ in range(2))
    ]
    assert repr(found[0]) == repr(found[1])
    assert_same(before, snapshot(model))


def test_the_model_is_restored_when_the_attack_fails():
    model, calls = small_net(), []

    def attack(*arguments, **options):
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError
        return ATTACK(*arguments, **options)

    before = snapshot(model)
    with pytest.raises(RuntimeError):
        flatness(model, attack=attack, size=10).average(2, generator())
    assert_same(before, snapshot(model))
