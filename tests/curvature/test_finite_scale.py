import numpy as np
import pytest
import torch
from torch import nn

from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.finite_scale import finite_scale
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.total import TotalOperator
from advscape.linear.robust_loss import LinearModel, RobustLoss
from tests.curvature.maximisers import attacked
from tests.networks import as_network, assert_same, snapshot


def closed_form_attack(x, y, epsilon):
    """The linear model's optimal noise at whatever its weights are."""

    def attack(model, start, rows):
        w = model.linear.weight.detach()
        return x[rows] - epsilon * (2 * y[rows] - 1)[:, None].to(w) * w / w.norm()

    return attack


def linear_case(epsilon=0.7):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(30, 5)), np.where(np.arange(30) % 3 == 0, 1.0, -1.0)
    line = LinearModel(rng.normal(size=5), 0.3)
    inputs, y = torch.from_numpy(x), torch.from_numpy((t > 0).astype(np.int64))
    attack = closed_form_attack(inputs, y, epsilon)
    model = as_network(line)
    directions = torch.from_numpy(rng.normal(size=(5, 3)))
    return x, t, line, model, attack(model, inputs, torch.arange(30)), y, attack, directions


@pytest.mark.parametrize("size", [30, 7])
@pytest.mark.parametrize("radius", [0.5, 0.05])
def test_on_a_linear_model_it_is_the_closed_forms_second_difference(size, radius):
    x, t, line, model, perturbed, y, attack, directions = linear_case()
    weight = [model.linear.weight]
    found = finite_scale(model, perturbed, y, attack, directions, radius, size, weight)
    exact, held = RobustLoss(x, t, 0.7), RobustLoss(perturbed.numpy(), t, 0.0)
    for k, d in enumerate((directions / directions.norm(dim=0)).T.numpy()):
        for loss, value in ((exact, found.total[k]), (held, found.frozen[k])):
            points = [
                loss.data_loss(LinearModel(line.w + s * radius * d, line.b)) for s in (1, 0, -1)
            ]
            second = (points[0] - 2 * points[1] + points[2]) / radius**2
            assert value.item() == pytest.approx(second, rel=1e-9, abs=1e-12)
    assert (found.total >= found.frozen - 1e-12).all()
    assert (found.total_stderr > 0).all()
    assert found.radius == radius


def test_on_a_quadratic_loss_it_is_the_quadratic_form_at_any_radius():
    _, _, _, model, perturbed, y, attack, directions = linear_case()
    weight = [model.linear.weight]
    unit = directions / directions.norm(dim=0)
    forms = (perturbed @ unit).square().mean(dim=0)
    for radius in (0.01, 1.0, 10.0):
        found = finite_scale(
            model, perturbed, y, attack, directions, radius, 30, weight,
            loss=lambda outputs, _: outputs[:, 0].square() / 2,
        )  # fmt: skip
        assert torch.allclose(found.frozen, forms, rtol=1e-8)
    spread = (perturbed @ unit).square().std(dim=0) / 30**0.5
    assert torch.allclose(found.frozen_stderr, spread, rtol=1e-8)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU])
def test_at_small_radius_it_is_the_operators_quadratic_form(activation, generator):
    case = attacked(activation)
    maxima, valid = case.optimality.maxima, case.optimality.valid
    clean = case.x[valid]

    def attack(model, start, rows):
        return refine(
            model, AttackedSamples(clean[rows], start, maxima.y[rows], case.threat), 1000, 1e-12
        ).perturbed

    directions = torch.randn(83, 3, generator=generator, dtype=torch.float64)
    found = finite_scale(case.model, maxima.x, maxima.y, attack, directions, 1e-4, 16)
    unit = directions / directions.norm(dim=0)
    frozen = HessianOperator(case.model, maxima.x, maxima.y, 50)
    total = TotalOperator(case.model, case.optimality, 50, 1e-12)
    for operator, values in ((frozen, found.frozen), (total, found.total)):
        assert torch.allclose(values, (unit * (operator @ unit)).sum(dim=0), rtol=1e-5, atol=1e-6)


def test_weights_come_back_bit_for_bit_also_after_an_error():
    _, _, _, model, perturbed, y, _, directions = linear_case()
    model = model.float().train()
    before = snapshot(model)
    calls = []

    def failing(model, start, rows):
        calls.append(model.linear.weight.clone())
        if len(calls) == 3:
            raise RuntimeError("no attack today")
        return start

    weight = [model.linear.weight]
    finite_scale(model, perturbed.float(), y, lambda m, s, r: s, directions, 0.1, 7, weight)
    assert_same(before, snapshot(model))
    with pytest.raises(RuntimeError, match="no attack today"):
        finite_scale(model, perturbed.float(), y, failing, directions, 0.1, 30, weight)
    assert not torch.equal(calls[1], calls[0])
    assert_same(before, snapshot(model))


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan")])
def test_a_radius_that_is_none(radius):
    _, _, _, model, perturbed, y, attack, directions = linear_case()
    with pytest.raises(ValueError, match=r"radius: got .*; allowed: a number above 0"):
        finite_scale(model, perturbed, y, attack, directions, radius, 7, [model.linear.weight])
