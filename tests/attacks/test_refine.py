from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from advscape.attacks.kkt import kkt_residuals
from advscape.attacks.pgd import PGD
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.losses import sample_losses
from advscape.threat import ThreatModel
from tests.networks import assert_same, batch, small_net, snapshot

SPHERES = [ThreatModel("l2", 0.4), ThreatModel("l2", 0.4, box=True)]


@pytest.fixture(params=SPHERES, ids=["free", "box"])
def start(request, generator):
    model, (x, y) = small_net(activation=nn.GELU), batch(30)
    perturbed = PGD(request.param, 20)(model, x, y, generator)
    return model, AttackedSamples(x, perturbed, y, request.param)


def test_a_smooth_networks_samples_reach_their_maxima(start):
    model, samples = start
    x, perturbed, y, threat = samples.x, samples.perturbed, samples.y, samples.threat
    found = refine(*start, 500, 1e-12)
    assert found.converged.double().mean() > 0.9
    again = kkt_residuals(model, AttackedSamples(x, found.perturbed, y, threat))
    assert torch.allclose(again, found.residuals, rtol=0, atol=1e-14)
    assert (again[found.converged] <= 1e-12).all()
    losses = [sample_losses(model.eval()(noisy), y) for noisy in (perturbed, found.perturbed)]
    assert (losses[1] >= losses[0] - 1e-12).all()
    assert torch.equal(threat.project(found.perturbed - x, x) + x, found.perturbed) or (
        torch.allclose(threat.project(found.perturbed - x, x) + x, found.perturbed, atol=1e-14)
    )


def test_steps_are_those_a_sample_needs_and_their_limit_holds(start):
    loose, tight, short = refine(*start, 500, 1e-3), refine(*start, 500, 1e-9), refine(*start, 5, 0)
    assert (loose.steps <= tight.steps).all()
    assert loose.steps.sum() < tight.steps.sum()
    assert short.steps.max() == 5
    assert not short.converged.any()
    one = refine(*start, 1, 1e-9)
    assert torch.allclose(one.perturbed, start[1].perturbed, atol=1e-15)


def test_any_batches_the_same(start):
    whole, parts = refine(*start, 50, 1e-8), refine(*start, 50, 1e-8, batch_size=7)
    assert torch.allclose(whole.perturbed, parts.perturbed, atol=1e-12)
    assert torch.equal(whole.converged, parts.converged)


def test_damping_where_plain_steps_would_overshoot():
    """On a valley along the sphere delta -> epsilon g / |g| jumps to and fro."""

    class Valley(nn.Module):
        def forward(self, x):
            gap = x[:, 0] - 3 * x[:, 1].square()
            return torch.stack([-gap, gap], dim=1)

    x = torch.zeros(4, 2, dtype=torch.float64)
    start = torch.tensor(np.array([[np.cos(a), np.sin(a)] for a in (0.1, 0.5, -1.0, 2.0)]))
    y = torch.zeros(4, dtype=torch.int64)
    samples = AttackedSamples(x, start, y, ThreatModel("l2", 1.0))
    found = refine(Valley(), samples, 300, 1e-12)
    assert found.converged.all()
    assert torch.allclose(found.perturbed, torch.tensor([1.0, 0.0]).double(), atol=1e-11)


def test_saturated_samples_converge_in_float32():
    """At margins above 20 the cross-entropy's own gradient is 0 in float32."""
    model, (x, _) = small_net(dtype=torch.float32, activation=nn.GELU), batch(30)
    x, threat = x.float(), ThreatModel("l2", 0.02)
    logits = model.eval()(x).detach()
    top = logits.topk(2, dim=1).values
    scale = 60 / (top[:, 0] - top[:, 1]).median()
    with torch.no_grad():
        model[4].weight.mul_(scale)
        model[4].bias.mul_(scale)
    y = logits.argmax(dim=1)
    found = refine(model, AttackedSamples(x, x, y, threat), 300, 3e-4)
    saturated = sample_losses(model(found.perturbed), y) == 0
    assert saturated.sum() > 10
    assert found.converged[saturated].all()


def test_the_model_is_left_as_it_was(start):
    model = start[0].train()
    before = snapshot(model)
    refine(*start, 5, 1e-6)
    assert_same(before, snapshot(model))


def test_without_noise_there_is_nothing_to_climb(start):
    with pytest.raises(ValueError, match="allowed: epsilon above 0"):
        refine(start[0], replace(start[1], threat=ThreatModel("l2", 0.0)), 5, 1e-6)
