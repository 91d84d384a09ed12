"""The controls: random noise, which knows nothing, and opposed noise, which lowers the loss."""

import numpy as np
import pytest
import torch

from advscape.linear.robust_loss import RobustLoss
from advscape.linear.solve import solve
from advscape.losses import sample_losses
from advscape.threat import ThreatModel
from tests.linear.test_solve import DIGITS
from tests.networks import as_network, assert_same, batch, small_net, snapshot
from tests.sections import built_attack

SECTIONS = {
    "random": {"name": "random"},
    "opposed": {"name": "opposed", "steps": 8, "relative_step": 2.5},
    "fgsm": {"name": "fgsm"},
}


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("box", [True, False])
def test_inside_and_the_model_untouched(name, norm, box, generator):
    model, (x, y) = small_net().train(), batch(20)
    before = snapshot(model)
    threat = ThreatModel(norm, 0.3, box)
    found = built_attack(SECTIONS[name], threat)(model, x, y, generator, "train")
    assert_same(before, snapshot(model))
    assert found.dtype == x.dtype
    assert not found.requires_grad
    assert torch.allclose(threat.project(found - x, x), found - x, atol=1e-12)


def test_random_noise_is_uniform_on_the_sphere(generator):
    """Moments of the sphere: mean 0, covariance I / d, fourth moment 3 / (d (d + 2))."""
    x, epsilon = torch.zeros(100_000, 1, 2, 3, dtype=torch.float64), 0.7
    noise = built_attack(SECTIONS["random"], ThreatModel("l2", epsilon))(None, x, None, generator)
    unit = noise.flatten(1) / epsilon
    assert torch.allclose(unit.norm(dim=1), torch.ones(len(x), dtype=x.dtype), atol=1e-12)
    assert unit.mean(dim=0).abs().max() < 0.006
    assert (unit.T @ unit / len(x) - torch.eye(6) / 6).abs().max() < 0.004
    assert (unit**4).mean().item() == pytest.approx(3 / (6 * 8), rel=0.02)


def test_linf_random_noise_is_a_fair_draw_of_corners(generator):
    x = torch.zeros(100_000, 1, 2, 3)
    noise = built_attack(SECTIONS["random"], ThreatModel("linf", 0.2))(None, x, None, generator)
    assert torch.all(noise.abs() == 0.2)
    signs = noise.flatten(1).sign()
    assert (signs.T @ signs / len(x) - torch.eye(6)).abs().max() < 0.02
    assert signs.mean(dim=0).abs().max() < 0.02


def test_random_noise_is_fresh_at_every_call(generator):
    attack, (x, y) = built_attack(SECTIONS["random"], ThreatModel("l2", 0.5)), batch()
    first, second = (attack(None, x, y, generator) for _ in range(2))
    assert not torch.allclose(first, second)
    assert torch.equal(first, attack(None, x, y, generator.manual_seed(0)))


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_opposed_noise_lowers_every_loss(norm, generator):
    model, (x, y) = small_net().eval(), batch(50)
    found = built_attack(SECTIONS["opposed"], ThreatModel(norm, 0.3))(model, x, y, generator)
    assert torch.all(sample_losses(model(found), y) < sample_losses(model(x), y))


def test_opposed_noise_is_the_closed_form_on_a_linear_model(generator):
    line = solve(RobustLoss(DIGITS.x, DIGITS.t, 0.5, 1e-4), 1e-9).model
    x = torch.from_numpy(DIGITS.x)
    y = torch.from_numpy((DIGITS.t > 0).astype(np.int64))
    section = {"name": "opposed", "steps": 25, "relative_step": 25.0}
    attack = built_attack(section, ThreatModel("l2", 0.5))
    noise = (attack(as_network(line), x, y, generator) - x).numpy()
    assert np.allclose(noise, 0.5 * DIGITS.t[:, None] * line.w / line.norm, atol=1e-6)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_fgsm_is_its_formula(norm):
    model, (x, y) = small_net().eval(), batch()
    inputs = x.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(sample_losses(model(inputs), y).mean(), inputs)
    lengths = gradient.flatten(1).norm(dim=1)[:, None, None, None]
    step = gradient.sign() if norm == "linf" else gradient / lengths
    found = built_attack(SECTIONS["fgsm"], ThreatModel(norm, 0.3))(model, x, y, torch.Generator())
    assert torch.allclose(found, x + 0.3 * step, atol=1e-12)
