import numpy as np
import pytest
import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.linear.robust_loss import RobustLoss
from advscape.linear.solve import solve
from advscape.losses import sample_losses
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel
from tests.linear.test_solve import DIGITS
from tests.networks import as_network, assert_same, batch, small_net, snapshot


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 1.0, 1.2])
def test_pgd_reaches_the_closed_form_on_a_linear_model(epsilon, generator):
    loss = RobustLoss(DIGITS.x, DIGITS.t, epsilon, 1e-4)
    line = solve(loss, 1e-9).model
    x = torch.from_numpy(DIGITS.x)
    y = torch.from_numpy((DIGITS.t > 0).astype(np.int64))
    model = as_network(line)
    # steps of length epsilon: the angle to the optimum halves with each; the usual 2.5 epsilon in
    # all would leave about exp(-2.5) of the random start's
    attack = PGD(ThreatModel("l2", epsilon), steps=25, relative_step=25)
    found = attack(model, x, y, generator)
    reached = sample_losses(model(found), y).mean().item()
    assert reached == pytest.approx(loss.data_loss(line), rel=1e-4)
    assert reached <= loss.data_loss(line) * (1 + 1e-12)
    optimal = -epsilon * DIGITS.t[:, None] * line.w / line.norm
    assert np.allclose((found - x).numpy(), optimal, atol=1e-6)


def test_linf_reaches_its_closed_form(generator):
    w = np.random.default_rng(0).normal(size=64)
    x = torch.from_numpy(DIGITS.x)
    y = torch.from_numpy((DIGITS.t > 0).astype(np.int64))
    model = as_network(type("L", (), {"w": w, "b": 0.1})())
    found = PGD(ThreatModel("linf", 0.2), steps=10)(model, x, y, generator)
    margins = DIGITS.t * (DIGITS.x @ w + 0.1) - 0.2 * np.abs(w).sum()
    expected = np.logaddexp(0, -margins).mean()
    assert sample_losses(model(found), y).mean().item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("box", [True, False])
def test_it_raises_the_loss_and_stays_inside(norm, box, generator):
    model, (x, y) = small_net(), batch(50)
    threat = ThreatModel(norm, 0.3, box)
    found = PGD(threat, steps=10)(model, x, y, generator)
    assert torch.allclose(threat.project(found - x, x), found - x, atol=1e-12)
    model.eval()
    assert sample_losses(model(found), y).mean() > 1.01 * sample_losses(model(x), y).mean()


def test_restarts_never_hurt(generator):
    model, (x, y) = small_net().eval(), batch(50)
    losses = []
    for restarts in (1, 4):
        attack = PGD(ThreatModel("l2", 1.5), steps=2, restarts=restarts)
        found = attack(model, x, y, generator.manual_seed(0))
        losses.append(sample_losses(model(found), y))
    assert torch.all(losses[1] >= losses[0] - 1e-12)
    assert torch.any(losses[1] > losses[0])


def test_epsilon_zero_is_the_clean_input(generator):
    model, (x, y) = small_net(), batch()
    found = PGD(ThreatModel("l2", 0.0), steps=3)(model, x, y, generator)
    assert torch.equal(found, x)
    assert found is not x


def test_same_generator_same_noise():
    model, (x, y) = small_net(), batch()
    attack = PGD(ThreatModel("l2", 0.5), steps=3)
    runs = [attack(model, x, y, torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("batch_norm", ["eval", "train"])
@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(batch_norm, training, generator):
    model, (x, y) = small_net().train(training), batch()
    model[0].bias.requires_grad_(False)
    sample_losses(model(x), y).mean().backward()
    before = snapshot(model)
    PGD(ThreatModel("l2", 0.5), steps=3)(model, x, y, generator, batch_norm)
    assert_same(before, snapshot(model))


class Breaks(nn.Module):
    """Fails at its third forward pass."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.passes = inner, 0

    def forward(self, x):
        self.passes += 1
        if self.passes == 3:
            raise RuntimeError("broken")
        return self.inner(x)


@pytest.mark.parametrize("batch_norm", ["eval", "train"])
def test_also_after_an_error(batch_norm, generator):
    model, (x, y) = Breaks(small_net().train()), batch()
    before = snapshot(model)
    with pytest.raises(RuntimeError, match="broken"):
        PGD(ThreatModel("l2", 0.5), steps=5)(model, x, y, generator, batch_norm)
    assert_same(before, snapshot(model))


def test_batch_statistics_are_used_when_asked_for():
    model, (x, _) = small_net().eval(), batch()
    with untouched(model, "train"):
        inside = model(x)
    model.train()
    assert torch.allclose(inside, model(x))


def test_agrees_with_a_plain_loop_written_from_the_paper():
    """Madry et al. 2018, L2, no random start: x <- project(x + a g / |g|)."""
    model, (x, y) = small_net().eval(), batch()
    epsilon, steps = 0.5, 4
    adversarial = x.clone()
    for _ in range(steps):
        adversarial.requires_grad_(True)
        loss = nn.CrossEntropyLoss()(model(adversarial), y)
        loss.backward()
        with torch.no_grad():
            for i in range(len(x)):
                g = adversarial.grad[i]
                moved = adversarial[i] + 2.5 * epsilon / steps * g / g.norm() - x[i]
                adversarial[i] = x[i] + moved * min(1.0, epsilon / moved.norm().item())
        adversarial = adversarial.detach()
    attack = PGD(ThreatModel("l2", epsilon), steps, start="clean")
    assert torch.allclose(attack(model, x, y, torch.Generator()), adversarial, atol=1e-10)
