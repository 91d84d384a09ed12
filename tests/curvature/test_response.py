"""The response against differences of the re-attacked gradient and the closed forms."""

import numpy as np
import pytest
import torch
from torch import nn

from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.optimality import attack_optimality
from advscape.curvature.response import ResponseOperator
from advscape.curvature.total import TotalOperator
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.threat import ThreatModel
from tests.curvature.maximisers import attacked, central_differences
from tests.networks import as_network, assert_same, snapshot


@pytest.fixture(scope="module", params=[(nn.ReLU, False), (nn.GELU, False), (nn.ReLU, True),
                                        (nn.GELU, True)], ids=str)  # fmt: skip
def case(request):
    """With and without the pixels' box."""
    return attacked(*request.param)


def written_out(operator):
    return operator @ torch.eye(operator.dim, dtype=torch.float64)


def test_total_is_the_derivative_of_the_re_attacked_gradient(case, generator):
    total = TotalOperator(case.model, case.optimality.maxima, 50, 1e-11)
    maxima = case.optimality.maxima
    frozen = HessianOperator(case.model, maxima.x, maxima.y, 50)
    for _ in range(2):
        v = total.random_vector(generator)
        exact = central_differences(case, v)
        assert (total @ v - exact).norm() < 1e-6 * exact.norm()
        assert (frozen @ v - exact).norm() > 0.05 * exact.norm()
    assert total.solves.converged


def test_total_is_frozen_plus_response_and_response_only_adds(case):
    maxima = case.optimality.maxima
    response = written_out(ResponseOperator(case.model, case.optimality.maxima, 50, 1e-12))
    frozen = written_out(HessianOperator(case.model, maxima.x, maxima.y, 50))
    total = written_out(TotalOperator(case.model, case.optimality.maxima, 50, 1e-12))
    assert torch.allclose(total, frozen + response, rtol=1e-10, atol=1e-12)
    assert torch.allclose(response, response.T, rtol=1e-9, atol=1e-12)
    eigenvalues = torch.linalg.eigvalsh(response)
    assert eigenvalues[0] > -1e-8
    assert eigenvalues[-1] > 0.1


def test_the_start_holds_the_valid_samples_gradient(case):
    maxima, seed = case.optimality.maxima, torch.Generator()
    total = TotalOperator(case.model, case.optimality.maxima, 7, 1e-12)
    frozen = HessianOperator(case.model, maxima.x, maxima.y, 50)
    starts = [operator.start_vector(seed.manual_seed(0)) for operator in (total, frozen)]
    assert torch.allclose(*starts, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("size", [7, 1])
def test_any_batches_the_same_products(case, size, generator):
    whole, parts = (TotalOperator(case.model, case.optimality.maxima, b, 1e-13) for b in (50, size))
    block = torch.randn(whole.dim, 3, generator=generator, dtype=torch.float64)
    assert torch.allclose(parts @ block, whole @ block, rtol=1e-10, atol=1e-10)
    assert torch.allclose(whole @ block[:, 0], (parts @ block)[:, 0], rtol=1e-10, atol=1e-10)
    assert (whole.products, parts.products) == (4, 6)


def test_float32_with_sums_in_float64(case, generator):
    model = attacked(nn.GELU).model.float()
    x, y = case.x.float(), case.y
    found = refine(model, AttackedSamples(x, x, y, ThreatModel("l2", 0.5)), 300, 1e-5)
    assert found.converged.double().mean() > 0.9
    optimality = attack_optimality(
        model, AttackedSamples(x, found.perturbed, y, ThreatModel("l2", 0.5)), 1e-5, 16
    )
    single = TotalOperator(model, optimality.maxima, 9, 1e-5, dtype=torch.float64)
    v = single.random_vector(generator)
    product = single @ v
    assert v.dtype == product.dtype == torch.float64
    assert single.solves.converged
    double = _double(optimality.maxima)
    exact = TotalOperator(attacked(nn.GELU).model, double, 9, 1e-12) @ v
    assert (product - exact).norm() < 1e-4 * exact.norm()


def _double(maxima):
    values = (v.double() if v.is_floating_point() else v for v in vars(maxima).values())
    return type(maxima)(*values)


def test_chosen_parameters_are_a_block(case):
    matrix = written_out(TotalOperator(case.model, case.optimality.maxima, 50, 1e-12))
    head = list(case.model[2].parameters())
    block = TotalOperator(case.model, case.optimality.maxima, 50, 1e-12, parameters=head)
    assert torch.allclose(written_out(block), matrix[-27:, -27:], rtol=1e-9, atol=1e-12)


def test_a_step_limit_is_said(generator):
    case = attacked(nn.GELU)
    hasty = ResponseOperator(case.model, case.optimality.maxima, 50, 1e-12, max_steps=2)
    hasty @ hasty.random_vector(generator)
    assert not hasty.solves.converged
    assert hasty.solves.unconverged > 0.9 * hasty.solves.systems == 0.9 * 40
    assert hasty.solves.worst_residual > 1e-12
    assert hasty.solves.steps == 2


def test_the_model_is_left_as_it_was_also_after_an_error(generator):
    case = attacked(nn.GELU)
    case.model.train()
    case.model[0].bias.requires_grad_(False)
    case.model[2].bias.grad = torch.ones(3, dtype=torch.float64)
    before = snapshot(case.model)
    for size in (50, 9):
        total = TotalOperator(case.model, case.optimality.maxima, size, 1e-6)
        assert total.dim == 83 - 8
        total @ total.random_vector(generator)
        assert_same(before, snapshot(case.model))
    case.model[1].forward = lambda _: 1 / 0
    with pytest.raises(ZeroDivisionError):
        total @ total.random_vector(generator)
    assert_same(before, snapshot(case.model))


def test_changed_weights_are_not_used_with_an_old_graph(generator):
    case = attacked(nn.GELU)
    total = TotalOperator(case.model, case.optimality.maxima, 50, 1e-6)
    total @ total.random_vector(generator)
    with torch.no_grad():
        case.model[0].weight.add_(0.1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        total @ total.random_vector(generator)


def two_logits(line):
    """Logits -z / 2 and z / 2 of the score z: their gap is the score."""
    net = nn.Sequential(nn.Linear(len(line.w), 2)).double()
    with torch.no_grad():
        net[0].weight.copy_(torch.from_numpy(np.stack([-line.w, line.w])) / 2)
        net[0].bias.copy_(torch.tensor([-line.b, line.b], dtype=torch.float64) / 2)
    return net


@pytest.mark.parametrize("epsilon", [0.7, 2.5])
@pytest.mark.parametrize("network", [as_network, two_logits])
def test_logistic_regression_is_the_closed_form(network, epsilon):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(30, 5)), np.where(np.arange(30) % 3 == 0, 1.0, -1.0)
    line = LinearModel(rng.normal(size=5), 0.3)
    exact = RobustLoss(x, t, epsilon)
    inputs, y = torch.from_numpy(x), torch.from_numpy((t > 0).astype(np.int64))
    threat, model = ThreatModel("l2", epsilon), network(line)
    weight = [next(iter(model.parameters()))]
    found = refine(model, AttackedSamples(inputs, inputs, y, threat), 10, 1e-13)
    optimality = attack_optimality(
        model, AttackedSamples(inputs, found.perturbed, y, threat), 1e-12, 7
    )
    assert optimality.n_valid == 30
    kinds = {
        "frozen": HessianOperator(model, found.perturbed, y, 30, weight),
        "response": ResponseOperator(model, optimality.maxima, 30, 1e-12, parameters=weight),
        "total": TotalOperator(model, optimality.maxima, 30, 1e-12, parameters=weight),
    }
    # both rows of two logits move their gap: eigenvalues and trace are twice the single logit's
    rows = np.array([[1, -1], [-1, 1]]) if network is two_logits else np.eye(1)
    for part, operator in kinds.items():
        closed = np.kron(rows, exact.hessian(line, part))
        assert np.allclose(written_out(operator), closed, rtol=0, atol=1e-8), part
