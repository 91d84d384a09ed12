import numpy as np
import pytest
import torch
from torch import nn

from advscape.attacks.kkt import kkt_residuals
from advscape.attacks.pgd import PGD
from advscape.attacks.samples import AttackedSamples
from advscape.linear.robust_loss import RobustLoss
from advscape.linear.solve import solve
from advscape.threat import ThreatModel
from tests.linear.test_solve import DIGITS
from tests.networks import as_network, assert_same, batch, small_net, snapshot


def test_the_closed_forms_noise_has_none_and_its_opposite_two():
    line = solve(RobustLoss(DIGITS.x, DIGITS.t, 0.5, 1e-4), 1e-9).model
    model, threat = as_network(line), ThreatModel("l2", 0.5)
    x = torch.from_numpy(DIGITS.x)
    y = torch.from_numpy((DIGITS.t > 0).astype(np.int64))
    optimal = torch.from_numpy(-0.5 * DIGITS.t[:, None] * line.w / line.norm)
    assert kkt_residuals(model, AttackedSamples(x, x + optimal, y, threat)).max() < 1e-12
    assert torch.allclose(
        kkt_residuals(model, AttackedSamples(x, x - optimal, y, threat)), torch.tensor(2.0).double()
    )


def test_a_converged_attack_has_little_random_noise_sqrt_2_and_half_noise_a_half(generator):
    model, (x, y) = small_net(), batch(200)
    threat = ThreatModel("l2", 0.2)
    found = PGD(threat, steps=100, relative_step=20)(model, x, y, generator)
    assert kkt_residuals(model, AttackedSamples(x, found, y, threat)).median() < 1e-3
    halfway = x + (found - x) / 2
    assert kkt_residuals(
        model, AttackedSamples(x, halfway, y, threat)
    ).median().item() == pytest.approx(0.5, abs=0.1)
    noise = threat.random_extreme(x, generator)
    residuals = kkt_residuals(model, AttackedSamples(x, x + noise, y, threat))
    assert residuals.square().mean().sqrt().item() == pytest.approx(2**0.5, rel=0.05)


def test_no_gradient_no_direction():
    model, (x, y) = nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).double(), batch()
    nn.init.zeros_(model[1].weight)
    threat = ThreatModel("l2", 0.3)
    noise = threat.random_extreme(x, torch.Generator().manual_seed(0))
    assert torch.allclose(
        kkt_residuals(model, AttackedSamples(x, x + noise, y, threat)), torch.ones(10).double()
    )


def test_a_box_has_its_own_maxima(generator):
    """A linear model's maximum in the box is where its gradient leads in the box."""
    model, (x, y) = nn.Sequential(nn.Flatten(), nn.Linear(16, 1)).double(), batch()
    boxed, y = ThreatModel("l2", 1.5, box=True), (y > 0).long()
    gradient = model[1].weight.detach().view(1, 1, 4, 4) * (1 - 2 * y).view(-1, 1, 1, 1)
    found = x + boxed.linear_maximiser(gradient, x)
    assert kkt_residuals(model, AttackedSamples(x, found, y, boxed)).max() < 1e-12
    assert kkt_residuals(model, AttackedSamples(x, found, y, ThreatModel("l2", 1.5))).max() > 0.1


def test_the_model_is_left_as_it_was(generator):
    model, (x, y) = small_net().train(), batch()
    before = snapshot(model)
    kkt_residuals(model, AttackedSamples(x, x, y, ThreatModel("l2", 0.3)))
    assert_same(before, snapshot(model))


@pytest.mark.parametrize("threat", [ThreatModel("linf", 0.3), ThreatModel("l2", 0.0)])
def test_other_threat_models_have_other_maxima(threat):
    model, (x, y) = small_net(), batch()
    with pytest.raises(ValueError, match="allowed: l2, epsilon above 0"):
        kkt_residuals(model, AttackedSamples(x, x, y, threat))
