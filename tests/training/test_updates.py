"""One step of each update against the paper's equations on a loss with a known gradient."""

import numpy as np
import pytest
import torch
from torch import nn

from advscape.training.updates import (
    AdversarialWeights,
    Descent,
    Langevin,
    LocalEntropy,
    SharpnessAware,
)
from tests.networks import batch, small_net
from tests.users_networks import FrozenLayer, UnusedWeight

TARGET = torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=torch.float64)


class Weights(nn.Module):
    """A matrix and a vector with the loss |W - target|^2 / 2 + sum of b^4."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([[0.3, 0.1], [-0.2, 0.4]], dtype=torch.float64))
        self.b = nn.Parameter(torch.tensor([0.5, -0.5], dtype=torch.float64))

    def gradient(self):
        self.zero_grad()
        loss = 0.5 * (self.w - TARGET).square().sum() + self.b.pow(4).sum()
        loss.backward()
        return loss.detach(), torch.tensor(0.0)


def values(model):
    return model.w.detach().numpy().copy(), model.b.detach().numpy().copy()


def test_weight_perturbation_by_hand():
    model, (w, b) = Weights(), values(Weights())
    gamma, rate, decay, momentum = 0.1, 0.2, 0.01, 0.9
    update = AdversarialWeights(model, momentum, decay, gamma, warmup=0)
    velocity_w, velocity_b = np.zeros_like(w), np.zeros_like(b)
    for _ in range(2):
        loss, _ = update.step(model.gradient, rate, 0)
        slope = w - TARGET.numpy()
        v = gamma * np.linalg.norm(w) * slope / np.linalg.norm(slope)
        up = w + v
        assert loss.item() == pytest.approx(0.5 * np.sum((up - TARGET.numpy()) ** 2) + np.sum(b**4))
        velocity_w = momentum * velocity_w + (up - TARGET.numpy()) + decay * up
        velocity_b = momentum * velocity_b + 4 * b**3 + decay * b
        w, b = w - rate * velocity_w, b - rate * velocity_b
        assert np.allclose(model.w.detach(), w, atol=1e-12)
        assert np.allclose(model.b.detach(), b, atol=1e-12)


def test_weight_perturbation_waits_for_its_warmup():
    one, two = Weights(), Weights()
    AdversarialWeights(one, 0.9, 0.01, 0.1, warmup=2).step(one.gradient, 0.1, 1)
    Descent(two, 0.9, 0.01).step(two.gradient, 0.1, 1)
    assert torch.equal(one.w, two.w)


def test_moved_weights_move_the_running_statistics_once():
    x, y = batch()
    counts = []
    for kind in (Descent, AdversarialWeights, SharpnessAware):
        model = small_net().train()

        def gradient(model=model):
            model.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss.detach(), torch.tensor(0.0)

        options = () if kind is Descent else (0.01, 0)
        before = int(model[1].num_batches_tracked)
        kind(model, 0.9, 0.0, *options).step(gradient, 0.1, 0)
        counts.append(int(model[1].num_batches_tracked) - before)
    assert counts == [1, 1, 1]


@pytest.mark.parametrize("kind", [AdversarialWeights, SharpnessAware])
def test_weights_come_back_when_a_step_fails(kind):
    model = Weights()
    calls = []

    def breaks():
        calls.append(1)
        if len(calls) == 2:
            raise torch.OutOfMemoryError("pretended")
        return model.gradient()

    update, before = kind(model, 0.9, 0.0, 0.1, False), values(model)[0]
    with pytest.raises(torch.OutOfMemoryError):
        update.step(breaks, 0.1, 0)
    assert np.allclose(values(model)[0], before, atol=1e-15)


@pytest.mark.parametrize("adaptive", [False, True])
def test_sharpness_aware_by_hand(adaptive):
    """Algorithm 1 of Foret et al.; equation 8 of Kwon et al. with T = |w| for the matrix."""
    model, (w, b) = Weights(), values(Weights())
    rho, rate, decay, momentum = 0.3, 0.1, 0.01, 0.9
    update = SharpnessAware(model, momentum, decay, rho, adaptive)
    velocity_w, velocity_b = np.zeros_like(w), np.zeros_like(b)
    target = TARGET.numpy()
    for _ in range(3):
        loss, _ = update.step(model.gradient, rate, 0)
        assert loss.item() == pytest.approx(0.5 * np.sum((w - target) ** 2) + np.sum(b**4))
        g_w, g_b = w - target, 4 * b**3
        t = np.abs(w) if adaptive else np.ones_like(w)
        length = np.sqrt(np.sum((t * g_w) ** 2) + np.sum(g_b**2))
        up_w, up_b = w + rho * t**2 * g_w / length, b + rho * g_b / length
        velocity_w = momentum * velocity_w + (up_w - target) + decay * w
        velocity_b = momentum * velocity_b + 4 * up_b**3 + decay * b
        w, b = w - rate * velocity_w, b - rate * velocity_b
        assert np.allclose(model.w.detach(), w, atol=1e-10)
        assert np.allclose(model.b.detach(), b, atol=1e-10)


class PublicSAM(torch.optim.Optimizer):
    """The two-step optimiser that most studies take: torch's own SGD around a move of the weights,
    written again here from its description (first the ascent, then SGD at the old weights).
    """

    def __init__(self, parameters, rho, **options):
        super().__init__(parameters, {"rho": rho})
        self.base = torch.optim.SGD(self.param_groups[0]["params"], **options)

    @torch.no_grad()
    def first_step(self):
        params = self.param_groups[0]["params"]
        norm = torch.norm(torch.stack([p.grad.norm(p=2) for p in params]), p=2)
        self.moves = [p.grad * self.param_groups[0]["rho"] / norm for p in params]
        for p, move in zip(params, self.moves, strict=True):
            p.add_(move)

    @torch.no_grad()
    def second_step(self):
        for p, move in zip(self.param_groups[0]["params"], self.moves, strict=True):
            p.sub_(move)
        self.base.step()


def test_sharpness_aware_against_an_optimiser_of_torch():
    x, y = batch()
    ours, theirs = small_net().double().train(), small_net().double().train()
    theirs.load_state_dict(ours.state_dict())

    def gradient(model):
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(x.double()), y)
        loss.backward()
        return loss.detach(), torch.tensor(0.0)

    update = SharpnessAware(ours, 0.9, 1e-3, 0.1, adaptive=False)
    optimiser = PublicSAM(theirs.parameters(), 0.1, lr=0.2, momentum=0.9, weight_decay=1e-3)
    for _ in range(3):
        update.step(lambda: gradient(ours), 0.2, 0)
        gradient(theirs)
        optimiser.first_step()
        gradient(theirs)
        optimiser.second_step()
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, two, atol=1e-12)


def test_local_entropy_by_hand():
    """Algorithm 1 of Chaudhari et al., without and with noise, over two outer steps."""
    model = Weights()
    steps, scope, noise, averaging, outer_step, rate, decay = 3, 0.5, 0.1, 0.75, 0.4, 0.05, 0.01
    update = LocalEntropy(
        model,
        decay,
        Langevin(steps, scope, noise, averaging, outer_step),
        torch.Generator().manual_seed(5),
    )
    rng = torch.Generator().manual_seed(5)
    x = [v.copy() for v in values(model)]
    for _ in range(2):
        inner, mean = [v.copy() for v in x], [v.copy() for v in x]
        for _ in range(steps):
            slopes = [inner[0] - TARGET.numpy(), 4 * inner[1] ** 3]
            for i in range(2):
                draw = torch.randn(x[i].shape, generator=rng).numpy()
                pull = slopes[i] + decay * inner[i] - scope * (x[i] - inner[i])
                inner[i] = inner[i] - rate * pull + np.sqrt(rate) * noise * draw
                mean[i] = (1 - averaging) * mean[i] + averaging * inner[i]
            update.step(model.gradient, rate, 0)
        x = [x[i] - outer_step * (x[i] - mean[i]) for i in range(2)]
        assert np.allclose(values(model)[0], x[0], atol=1e-7)
        assert np.allclose(values(model)[1], x[1], atol=1e-7)


def test_an_epoch_ends_at_the_outer_weights():
    model = Weights()
    update = LocalEntropy(model, 0.0, Langevin(10, 0.5, 0.0, 0.75, 1.0), torch.Generator())
    update.step(model.gradient, 0.1, 0)
    w = values(Weights())[0]
    inner = w - 0.1 * (w - TARGET.numpy())
    update.end_epoch()
    assert np.allclose(values(model)[0], 0.25 * w + 0.75 * inner)
    assert update.state() == {}


@pytest.mark.parametrize("kind", ["plain", "awp", "entropy"])
@pytest.mark.parametrize("network", [FrozenLayer, UnusedWeight])
def test_what_has_no_gradient_stays_and_the_rest_is_trained_as_without_it(kind, network):
    """The trained weights are those of the same training in which the others do not exist."""

    def trained(model, chosen):
        x = torch.linspace(0, 1, 6 * 64).view(6, 1, 8, 8).sin().abs()
        y = torch.arange(6) % 3
        generator = torch.Generator().manual_seed(0)
        update = {
            "plain": lambda: Descent(model, 0.9, 0.1),
            "awp": lambda: AdversarialWeights(model, 0.9, 0.1, 0.01, 0),
            "entropy": lambda: LocalEntropy(
                model, 0.1, Langevin(2, 0.03, 1e-2, 0.75, 0.5), generator
            ),
        }[kind]()
        # only those that the referee has too
        update.parameters = [p for p in update.parameters if chosen(p)]
        update.velocities = [None] * len(update.parameters)

        def gradient():
            model.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss.detach(), loss.detach()

        for _ in range(3):
            update.step(gradient, 0.1, 0)
        update.end_epoch()
        return {name: value.clone() for name, value in model.state_dict().items()}

    def made():
        torch.manual_seed(2)
        return network(3, (1, 8, 8))

    def lasting(model):
        return {id(p) for n, p in model.named_parameters() if p.requires_grad and "spare" not in n}

    one, two = made(), made()
    before = {name: value.clone() for name, value in one.state_dict().items()}
    found = trained(one, lambda p: True)
    expected = trained(two, lambda p: id(p) in lasting(two))
    still = "net.0." if network is FrozenLayer else "spare."
    for name, value in found.items():
        assert torch.equal(value, expected[name]), name
        if name.startswith(still):
            assert torch.equal(value, before[name]), name
    assert not torch.equal(found["net.4.weight"], before["net.4.weight"])
