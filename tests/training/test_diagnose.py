"""A training that is not finite any more says why: images, attack, gradient, or learning rate."""

import pytest
import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.errors import UserError
from advscape.threat import ThreatModel
from advscape.training.checkpoint import Checkpoint
from advscape.training.objectives import Adversarial, Trades, divergence
from advscape.training.schedule import cyclic
from advscape.training.train import Recipe, train
from advscape.training.updates import Descent
from tests.sections import built_model
from tests.training.runs import network, samples
from tests.users_networks import LargeLogits, Plain, StandardisesEachImage


class Inner(nn.Module):
    """A linear network, with something on either side."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(64, 3)

    def before(self, x):
        return x

    def after(self, z):
        return z

    def forward(self, x):
        return self.after(self.linear(self.before(x).flatten(1)))


class Logarithm(Inner):
    """Not a number outside of the box."""

    def before(self, x):
        return (x + 1e-6).log()


class RootOfNothing(Inner):
    """A finite output whose gradient is not: the root's at 0."""

    def after(self, z):
        return z + (z - z).abs().sqrt()


class Overflows(Inner):
    """Infinite logits from the start."""

    def after(self, z):
        return z * 1e30 * 1e30


def go(model, folder, rate=0.05, objective=None, threat=None, n=90, epochs=2, every_s=60.0):
    threat = threat or ThreatModel("l2", 0.3)
    objective = objective or Adversarial(PGD(threat, steps=2))
    x, y = samples(n=n)
    course = cyclic(0.4)
    recipe = Recipe(epochs, 32, rate, course, objective, Descent(model, 0.9, 5e-4))
    checkpoint = Checkpoint(folder / "c.safetensors", "key", every_s)
    return train(model, x, y, recipe, 0, checkpoint)


def line(*args, **kwargs):
    with pytest.raises(UserError) as error:
        go(*args, **kwargs)
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("every_s", [60.0, 0.0])
def test_a_learning_rate_is_blamed_for_its_own_doing(tmp_path, every_s):
    text = line(network(), tmp_path, rate=1e12, every_s=every_s)
    assert text.startswith("training: not finite any more in epoch 1, step ")
    assert text.endswith("the weights grew beyond all bounds; lower training.learning_rate")
    state = Checkpoint(tmp_path / "c.safetensors", "key").load()
    assert state is None or all(value.float().isfinite().all() for value in state[0].values())


def test_a_constant_image_is_named_and_the_learning_rate_is_not(tmp_path, monkeypatch):
    x, y = samples()
    x[41] = 0
    monkeypatch.setattr("tests.training.test_diagnose.samples", lambda n: (x, y))
    text = line(StandardisesEachImage(3, (1, 8, 8)), tmp_path, threat=ThreatModel("l2", 0))
    assert "NaN for 1 of " in text
    assert "first for number 41 (counted from 0), a constant image" in text
    assert "learning_rate" not in text


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("epsilon", [1e15, 1e30])
def test_a_radius_beyond_all_images_is_named(tmp_path, norm, epsilon):
    section = {"name": "cnn", "width": 4, "activation": "relu", "pooling": "max"}
    model = built_model(section, 3, (1, 8, 8), 0)
    text = line(model, tmp_path, threat=ThreatModel(norm, epsilon))
    assert f"the attack goes far beyond images: threat {norm}, epsilon {epsilon:g}" in text
    assert "lower grid.epsilons or set threat.box" in text
    assert "learning_rate" not in text


def test_a_network_that_needs_the_box_is_told_of_the_attack(tmp_path):
    text = line(Logarithm(), tmp_path)
    assert "finite for the images and not for" in text
    assert "pixels lie in [-" in text
    assert "threat l2, epsilon 0.3" in text
    assert "learning_rate" not in text


def test_a_gradient_is_named_by_its_parameter(tmp_path):
    text = line(RootOfNothing(), tmp_path, threat=ThreatModel("l2", 0))
    assert "the gradient of linear.weight is not finite although the loss" in text


def test_a_network_that_overflows_from_the_start(tmp_path):
    text = line(Overflows(), tmp_path)
    assert "step 1 of 3: the network's output is infinite for 32 of 32 training images" in text


def test_trades_trains_where_probabilities_are_0(tmp_path):
    """At a rate that moves nothing, and at one that does."""
    for rate in (1e-12, 1e-6):
        torch.manual_seed(0)
        model = LargeLogits(3, (1, 8, 8))
        before = [p.detach().clone() for p in model.parameters()]
        attack = PGD(ThreatModel("l2", 0.4), 1, start="near", loss=divergence)
        found = go(model, tmp_path, rate, Trades(attack, "eval"))
        assert all(torch.isfinite(torch.tensor(record["loss"])) for record in found.history)
        assert all(p.isfinite().all() for p in model.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_nothing_to_train_is_one_line(tmp_path):
    text = line(Plain(3, (1, 8, 8)).requires_grad_(False), tmp_path)
    assert text == "model: nothing to train, all its parameters have requires_grad False"


def test_a_radius_of_a_million_trains(tmp_path):
    """Where a unit of the network is dead, its gradient 0 times a long step was once not 0."""
    section = {"name": "cnn", "width": 4, "activation": "relu", "pooling": "max"}
    found = go(built_model(section, 3, (1, 8, 8), 0), tmp_path, threat=ThreatModel("l2", 1e6))
    assert all(torch.isfinite(torch.tensor(record["loss"])) for record in found.history)


class Detached(Inner):
    """Its output is cut off from its weights."""

    def after(self, z):
        return z.detach()


def test_a_loss_without_a_trained_parameter_is_one_line(tmp_path):
    text = line(Detached(), tmp_path, threat=ThreatModel("l2", 0))
    assert text == "model: its loss depends on no parameter that is trained"
