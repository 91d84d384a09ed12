"""The response at maxima of every kind, against differences of a re-attacked gradient."""

import pytest
import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.conjugate_gradients import conjugate_gradients
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.maxima import Maxima, with_diagonal
from advscape.curvature.newton import polish
from advscape.curvature.optimality import COORDINATES, INTERIOR, SPHERE, attack_optimality
from advscape.curvature.total import TotalOperator
from advscape.threat import ThreatModel
from tests.curvature.maximisers import dense_net
from tests.curvature.referee import re_attacked_gradient
from tests.networks import assert_same, snapshot

CASES = {
    "sphere": (ThreatModel("l2", 0.5), nn.Tanh, SPHERE),
    "sphere, box": (ThreatModel("l2", 0.9, box=True), nn.Tanh, SPHERE),
    "interior": (ThreatModel("l2", 6.0), nn.Tanh, INTERIOR),
    "interior, box": (ThreatModel("l2", 6.0, box=True), nn.Tanh, INTERIOR),
    "coordinates": (ThreatModel("linf", 0.8), nn.Tanh, COORDINATES),
    "coordinates, box": (ThreatModel("linf", 0.8, box=True), nn.GELU, COORDINATES),
}


class Bump(nn.Module):
    """Radial units, whose loss has maxima inside large balls."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.centres = nn.Parameter(torch.rand(3, 6, generator=generator, dtype=torch.float64))
        self.scale = nn.Parameter(torch.tensor([3.0, 2.0, 4.0], dtype=torch.float64))

    def forward(self, x):
        away = (x[:, None] - self.centres).square().sum(dim=2)
        return self.scale * torch.exp(-away)


@pytest.fixture(scope="module", params=CASES, ids=str)
def found(request):
    threat, activation, kind = CASES[request.param]
    model = Bump() if kind == INTERIOR else dense_net(activation)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(30, 6, generator=generator, dtype=torch.float64)
    y = torch.randint(0, 3, (30,), generator=generator)
    start = PGD(threat, 30)(model, x, y, generator)
    climbed = refine(model, AttackedSamples(x, start, y, threat), 300, 1e-6).perturbed
    done = polish(model, AttackedSamples(x, climbed, y, threat), 40, 1e-13, 16)
    samples = AttackedSamples(x, done.perturbed, y, threat)
    return model, samples, attack_optimality(model, samples, 1e-10, 16), kind


def test_the_total_is_the_derivative_of_the_re_attacked_gradient(found, generator):
    model, samples, optimality, kind = found
    valid = optimality.valid
    assert (optimality.kinds[valid] == kind).sum() >= 20
    total = TotalOperator(model, optimality.maxima, 50, 1e-12)
    frozen = HessianOperator(model, optimality.maxima.x, optimality.maxima.y, 50)
    inside = [t[valid] for t in (samples.x, samples.perturbed, samples.y)]

    def slope(step):
        return re_attacked_gradient(model, *inside, samples.threat, step)

    apart = 0.0
    for h in (1e-4,):
        v = total.random_vector(generator)
        exact = (8 * (slope(h * v) - slope(-h * v)) - slope(2 * h * v) + slope(-2 * h * v)) / (
            12 * h
        )
        assert (total @ v - exact).norm() < 1e-6 * exact.norm()
        apart = max(apart, float((frozen @ v - exact).norm() / exact.norm()))
    assert apart > 0.01


def test_polishing_raises_the_loss_stays_in_the_set_and_leaves_the_model(found):
    model, samples, optimality, _ = found
    x, delta, threat = samples.x, samples.delta, samples.threat
    assert torch.allclose(threat.project(delta, x), delta, atol=1e-12)
    assert (optimality.distances[optimality.valid] <= 1e-10).all()
    model.train()
    before = snapshot(model)
    polish(model, samples, 3, 0.0, 7)
    assert_same(before, snapshot(model))


def test_the_diagonal_of_a_diagonal_matrix_is_exact_and_solves_it_at_once():
    """Pixels that differ a thousandfold in how much they matter, a few of them held."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 40, generator=generator, dtype=torch.float64).requires_grad_(True)
    bends = 10.0 ** torch.linspace(-1, 2, 40, dtype=torch.float64).expand(3, 40)
    free = (torch.rand(3, 40, generator=generator) > 0.3).double()
    (slope,) = torch.autograd.grad(-0.5 * (bends * x.square()).sum(), x, create_graph=True)
    none = torch.zeros(3, 40, 0, dtype=torch.float64)
    flat, at_none = torch.zeros_like(free), torch.zeros(3, dtype=torch.float64)
    y = torch.zeros(3, dtype=torch.int64)
    points = Maxima(x.detach(), y, flat, free, at_none, none, none.sum(1), flat + 1)
    scaled = with_diagonal(points, slope, x)
    lowest = 0.05 * (bends * free).sum(1, keepdim=True) / free.sum(1, keepdim=True)
    expected = torch.where(free > 0, torch.maximum(bends, lowest), 1.0)
    assert torch.allclose(scaled.diagonal, expected)
    b = points.tangent(torch.randn(3, 40, generator=generator, dtype=torch.float64))
    steps = [
        conjugate_gradients(
            lambda v: points.matrix(v, slope, x), each.preconditioner, b, 1e-6, 200
        ).steps
        for each in (points, scaled)
    ]
    assert steps[1] < 0.6 * steps[0]


def test_on_the_sphere_woodburys_form_is_left_alone():
    x = torch.rand(2, 5, dtype=torch.float64).requires_grad_(True)
    (slope,) = torch.autograd.grad(x.square().sum(), x, create_graph=True)
    ones, none = torch.ones(2, 5, dtype=torch.float64), torch.zeros(2, 5, 0, dtype=torch.float64)
    mu, y = torch.ones(2, dtype=torch.float64), torch.zeros(2, dtype=torch.int64)
    points = Maxima(x.detach(), y, ones / 5**0.5, ones, mu, none, none.sum(1), ones)
    assert with_diagonal(points, slope, x) is points
