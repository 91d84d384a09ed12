import pytest
import torch
from torch import nn
from torch.func import hessian

from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.optimality import attack_optimality
from advscape.curvature.response import ResponseOperator
from advscape.curvature.total import TotalOperator
from advscape.losses import precise_losses
from advscape.threat import ThreatModel
from tests.curvature.maximisers import TOLERANCE, attacked, dense_net
from tests.networks import assert_same, snapshot


def tangent_curvature(case, i, mu):
    """Eigenvalues of mu I - D on the tangent space of sample i, written out."""
    x = case.perturbed[i]
    d = hessian(lambda v: precise_losses(case.model(v[None]), case.y[i : i + 1])[0])(x)
    delta = x - case.x[i]
    basis = torch.linalg.svd(delta[None])[2][1:]
    return torch.linalg.eigvalsh(basis @ (mu * torch.eye(6, dtype=torch.float64) - d) @ basis.T)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU])
def test_valid_samples_are_strict_maxima(activation):
    case = attacked(activation)
    found, maxima = case.optimality, case.optimality.maxima
    rows = found.valid.nonzero()[:, 0]
    assert found.n_valid == len(rows) == len(maxima.y) >= 20
    assert sum(found.counts().values()) == 40
    assert sum(found.loss_shares().values()) == pytest.approx(1)
    for k, i in enumerate(rows.tolist()):
        eigenvalues = tangent_curvature(case, i, maxima.mu[k])
        assert eigenvalues[0] > 0
        firmness = (eigenvalues[0] / maxima.mu[k]).item()
        assert found.firmness[i].item() >= firmness * (1 - 1e-9)
        if firmness < 0.3:  # inverse iteration is quick where it matters
            assert found.firmness[i].item() == pytest.approx(firmness, rel=0.02)
        if activation is nn.ReLU:
            assert maxima.strengths[k, -1].item() == pytest.approx(
                maxima.mu[k].item() * (1 - firmness), rel=1e-6
            )


def test_each_failure_is_counted_and_left_out(generator):
    case = attacked(nn.GELU)
    perturbed = case.perturbed.clone()
    perturbed[:3] = (case.x + (perturbed - case.x) / 2)[:3]
    perturbed[3:8] = (case.x + case.threat.random_extreme(case.x, generator))[3:8]
    samples = AttackedSamples(case.x, perturbed, case.y, case.threat)
    found = attack_optimality(case.model, samples, TOLERANCE, 16)
    assert found.counts() == {
        "sphere": 32, "interior": 0, "free coordinates": 0, "kink": 0, "not converged": 8,
    }  # fmt: skip
    losses = precise_losses(case.model(perturbed), case.y)
    share = (losses[:8].sum() / losses.sum()).item()
    assert found.loss_shares()["not converged"] == pytest.approx(share)
    assert found.valid.tolist() == [False] * 8 + [True] * 32
    assert torch.equal(found.maxima.x, perturbed[8:])
    total = TotalOperator(case.model, found.maxima, 50, 1e-12)
    others = AttackedSamples(case.x[8:], perturbed[8:], case.y[8:], case.threat)
    tested = attack_optimality(case.model, others, TOLERANCE, 16)
    kept = TotalOperator(case.model, tested.maxima, 50, 1e-12)
    v = total.random_vector(generator)
    assert torch.equal(total @ v, kept @ v)


class Saddle(nn.Module):
    """A logit gap of -x0 + bend x1^2: along x0 it is stationary, and with much bend no maximum."""

    def __init__(self, bend):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([-1.0, bend], dtype=torch.float64))

    def forward(self, x):
        gap = self.slope[0] * x[:, 0] + self.slope[1] * x[:, 1:].square().sum(dim=1)
        return torch.stack([torch.zeros_like(gap), -gap], dim=1)


@pytest.mark.parametrize(("bend", "valid"), [(0.45, True), (0.55, False), (-3.0, True)])
def test_a_saddle_is_stationary_but_no_maximum(bend, valid):
    """On the unit circle the gap rises away from the pole once 2 bend > 1 / epsilon."""
    x = torch.zeros(1, 5, dtype=torch.float64)
    pole = x.clone()
    pole[0, 0] = -1.0
    found = attack_optimality(
        Saddle(bend),
        AttackedSamples(x, pole, torch.tensor([1]), ThreatModel("l2", 1.0)),
        1e-9,
        5,
    )
    assert found.valid.item() is valid
    assert found.counts()["not converged"] == (not valid)
    if not valid:
        assert found.distances.isnan().all()
        with pytest.raises(ValueError, match="maxima: got none"):
            ResponseOperator(Saddle(bend), found.maxima, 5, 1e-6)


def test_a_maximum_on_a_kink_is_not_valid():
    """Gap min(x0, x1) as -relu(x0 - x1) + x0: on the unit disc it is largest on the diagonal."""
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, -1.0], [1.0, 0.0], [-1.0, 0.0]]))
        model[2].weight.copy_(torch.tensor([[-1.0, 1.0, -1.0]]))
        for layer in (model[0], model[2]):
            layer.bias.zero_()
    x, y, threat = torch.zeros(1, 2).double(), torch.tensor([0]), ThreatModel("l2", 1.0)
    for angle in (0.5, 0.78, 0.79, 1.2):
        start = torch.tensor([[angle]], dtype=torch.float64)
        start = torch.cat([start.cos(), start.sin()], dim=1)
        found = refine(model, AttackedSamples(x, start, y, threat), 200, 1e-6)
        assert found.perturbed[0].tolist() == pytest.approx([0.5**0.5, 0.5**0.5], abs=1e-3)
        samples = AttackedSamples(x, found.perturbed, y, threat)
        tested = attack_optimality(model, samples, 1e-3, 1)
        assert tested.counts()["kink"] == 1


def test_without_a_gradient_nothing_is_inverted():
    model = dense_net(nn.ReLU)
    nn.init.zeros_(model[2].weight)
    case = attacked(nn.ReLU)
    samples = AttackedSamples(case.x, case.perturbed, case.y, case.threat)
    found = attack_optimality(model, samples, 2.0, 16)
    assert found.n_valid == 0
    assert len(found.maxima.axes) == len(found.maxima.y) == 0


def test_saturated_samples_in_float32_are_those_of_float64():
    """Margins above 17, where softmax's p_y - 1 is 0 in float32."""
    case = attacked(nn.GELU)
    model = dense_net(nn.GELU)
    with torch.no_grad():
        model[2].weight.mul_(12)
        model[2].bias.mul_(12)
    y = model(case.x).argmax(dim=1)
    threat = ThreatModel("l2", 0.02)
    exact = refine(model, AttackedSamples(case.x, case.x, y, threat), 500, 1e-13)
    margins = -torch.log(torch.expm1(precise_losses(model(exact.perturbed), y)))
    single = dense_net(nn.GELU).float()
    single.load_state_dict(model.state_dict())
    far = margins > 17
    assert far.sum() >= 5
    x, y = case.x[far].float(), y[far]
    found = refine(single, AttackedSamples(x, x, y, threat), 500, 3e-5)
    assert found.converged.all()
    kinds = []
    for net, clean, noisy in (
        (single, x, found.perturbed),
        (model, x.double(), exact.perturbed[far]),
    ):
        samples = AttackedSamples(clean, noisy, y, threat)
        tested = attack_optimality(net, samples, 1e-4, 16)
        assert tested.n_valid == len(y)
        kinds.append(TotalOperator(net, tested.maxima, 50, 1e-5, dtype=torch.float64))
    v = kinds[0].random_vector(torch.Generator().manual_seed(0))
    products = [operator @ v for operator in kinds]
    assert products[1].norm() > 0
    assert (products[0] - products[1]).norm() < 1e-3 * products[1].norm()


def test_scaling_two_relu_layers_scales_their_blocks():
    """(W1, b1) times c and W2 over c leave the function; its blocks go with 1 / c^2 and c^2."""
    case, c = attacked(nn.ReLU), 3.0
    scale = torch.tensor([c] * 56 + [1 / c] * 24 + [1.0] * 3, dtype=torch.float64)
    before = _matrices(case)
    with torch.no_grad():
        case.model[0].weight.mul_(c)
        case.model[0].bias.mul_(c)
        case.model[2].weight.div_(c)
    for old, new in zip(before, _matrices(case), strict=True):
        assert torch.allclose(new * scale[:, None] * scale, old, rtol=1e-8, atol=1e-10)


def _matrices(case):
    """Frozen and total, written out."""
    found = attack_optimality(
        case.model,
        AttackedSamples(case.x, case.perturbed, case.y, case.threat),
        TOLERANCE,
        40,
    )
    assert found.n_valid == case.optimality.n_valid
    frozen = HessianOperator(case.model, found.maxima.x, found.maxima.y, 40)
    total = TotalOperator(case.model, found.maxima, 40, 1e-12)
    return [operator @ torch.eye(83, dtype=torch.float64) for operator in (frozen, total)]


def test_without_noise_there_are_no_maxima():
    case = attacked(nn.GELU)
    samples = AttackedSamples(case.x, case.perturbed, case.y, ThreatModel("l2", 0.0))
    with pytest.raises(ValueError, match="allowed: epsilon above 0"):
        attack_optimality(case.model, samples, 1e-6, 16)


def test_the_model_is_left_as_it_was():
    case = attacked(nn.GELU)
    case.model.train()
    before = snapshot(case.model)
    attack_optimality(
        case.model,
        AttackedSamples(case.x, case.perturbed, case.y, case.threat),
        1e-6,
        16,
    )
    assert_same(before, snapshot(case.model))


def test_a_batch_without_a_stationary_sample_among_others(generator):
    case = attacked(nn.GELU)
    perturbed = case.perturbed.clone()
    perturbed[4:8] = (case.x + case.threat.random_extreme(case.x, generator))[4:8]
    case.model.append(Picky())
    found = attack_optimality(
        case.model,
        AttackedSamples(case.x, perturbed, case.y, case.threat),
        TOLERANCE,
        4,
    )
    assert found.valid.tolist() == [True] * 4 + [False] * 4 + [True] * 32


class Picky(nn.Module):
    """Takes no empty batch, as many a network's reshape does not."""

    def forward(self, x):
        assert len(x) > 0
        return x


@pytest.mark.parametrize("box", [False, True])
def test_no_sample_is_stationary(generator, box):
    """As after a few steps, or on large images, where no attack is so near its maximum."""
    model = dense_net(nn.ReLU)
    threat = ThreatModel("l2", 0.3, box)
    x = 0.4 + 0.2 * torch.rand(10, 6, dtype=torch.float64, generator=generator)
    samples = AttackedSamples(x, x + 0.01, torch.arange(10) % 3, threat)
    found = attack_optimality(model, samples, TOLERANCE, 4)
    assert found.counts()["not converged"] == 10
