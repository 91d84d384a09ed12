from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import nn

from advscape.attacks.samples import AttackedSamples
from advscape.curvature.finite_scale import Search, largest_curvature
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.total import TotalOperator
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.threat import ThreatModel
from tests.curvature.maximisers import attacked
from tests.networks import as_network, assert_same, snapshot

ONE = Search(1, 5, 5)


def linear_case(norm="l2", epsilon=0.7):
    """A line, its samples under the optimal noise, and some directions of its weights."""
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(30, 5)), np.where(np.arange(30) % 3 == 0, 1.0, -1.0)
    line = LinearModel(rng.normal(size=5), 0.3)
    inputs, y = torch.from_numpy(x), torch.from_numpy((t > 0).astype(np.int64))
    threat, w = ThreatModel(norm, epsilon), torch.from_numpy(line.w)
    noise = -(2 * y - 1)[:, None] * threat.ascent(w[None], epsilon)
    samples = AttackedSamples(inputs, inputs + noise, y, threat)
    return x, t, line, as_network(line), samples, torch.from_numpy(rng.normal(size=(3, 5)))


def second_difference(loss, line, v, radius):
    points = [loss(LinearModel(line.w + s * radius * v, line.b)) for s in (1, 0, -1)]
    return (points[0] - 2 * points[1] + points[2]) / radius**2


@pytest.mark.parametrize("size", [30, 7])
@pytest.mark.parametrize(("norm", "radius"), [("l2", 0.5), ("l2", 0.05), ("linf", 0.5)])
def test_along_one_direction_it_is_the_closed_forms_second_difference(norm, radius, size):
    x, t, line, model, samples, directions = linear_case(norm)
    weight = [model.linear.weight]
    exact = RobustLoss(x, t, 0.7, norm=norm).data_loss
    held = RobustLoss(samples.perturbed.numpy(), t, 0.0).data_loss
    for d in directions:
        v = (d / d.norm()).numpy()
        total = largest_curvature(model, samples, d, radius, ONE, size, parameters=weight)
        frozen = largest_curvature(
            model, samples, d, radius, ONE, size, frozen=True, parameters=weight
        )
        for found, loss in ((total, exact), (frozen, held)):
            second = second_difference(loss, line, v, radius)
            assert found.value == pytest.approx(second, rel=1e-8, abs=1e-10)
            assert (found.gain, found.start) == (0.0, pytest.approx(found.value, abs=1e-9))
            assert found.stderr > 0
        assert total.value >= frozen.value - 1e-10
        assert abs(total.centre_missing) < 1e-9


@pytest.mark.parametrize("frozen", [True, False])
def test_the_climb_ends_where_scipys_does(frozen):
    x, t, line, model, samples, directions = linear_case()
    radius, weight = 0.6 * line.norm, [model.linear.weight]
    attacked_loss = RobustLoss(x, t, 0.7).data_loss
    held = RobustLoss(samples.perturbed.numpy(), t, 0.0).data_loss
    loss = held if frozen else attacked_loss
    found = largest_curvature(
        model, samples, directions[0], radius, Search(80, 4, 4), 30, frozen=frozen,
        parameters=weight,
    )  # fmt: skip

    def flipped(v):
        return -second_difference(loss, line, v / np.linalg.norm(v), radius)

    referee = minimize(flipped, directions[0].numpy(), options={"gtol": 1e-9})
    assert found.value == pytest.approx(-referee.fun, rel=1e-4)
    assert found.value > 1.05 * found.start
    assert 0 <= found.gain < 1e-5 * found.value
    short = largest_curvature(
        model, samples, directions[0], radius, Search(4, 4, 4), 30, frozen=frozen,
        parameters=weight,
    )  # fmt: skip
    assert found.start < short.value <= found.value + 1e-12
    assert short.gain > found.gain


@pytest.mark.parametrize("activation", [nn.Tanh, nn.GELU])
def test_on_a_smooth_network_it_tends_to_lambda_max(activation, generator):
    case = attacked(activation)
    valid = case.optimality.valid
    samples = AttackedSamples(case.x, case.perturbed, case.y, case.threat).take(valid)
    frozen = HessianOperator(case.model, samples.perturbed, samples.y, 50)
    total = TotalOperator(case.model, case.optimality.maxima, 50, 1e-12)
    start = frozen.random_vector(generator)
    for operator, held in ((frozen, True), (total, False)):
        matrix = operator @ torch.eye(83, dtype=torch.float64)
        largest = torch.linalg.eigvalsh(matrix)[-1].item()
        apart = []
        for radius in (0.3, 0.03, 0.003):
            found = largest_curvature(
                case.model, samples, start, radius, Search(25, 12, 40), 16, frozen=held
            )
            apart.append(abs(found.value - largest) / largest)
            v = found.direction
            assert v.norm().item() == pytest.approx(1)
        assert apart[2] < 1e-3 < apart[0]
        assert (v @ (matrix @ v)).item() == pytest.approx(largest, rel=1e-3)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU])
def test_an_unfinished_attack_does_not_inflate_it(activation, generator):
    """Where w alone stays at the clean inputs, the second difference is many times as large."""
    case = attacked(activation)
    finished = AttackedSamples(case.x, case.perturbed, case.y, case.threat)
    unfinished = replace(finished, perturbed=case.x)
    start, radius = torch.randn(83, generator=generator, dtype=torch.float64), 0.05
    values = [
        largest_curvature(case.model, samples, start, radius, Search(6, 6, 60), 16)
        for samples in (finished, unfinished)
    ]
    assert values[1].value == pytest.approx(values[0].value, rel=0.05)
    if activation is nn.GELU:  # a restart finds other maxima of a ReLU network
        assert values[0].centre_missing < 0.05 * values[0].value
    few = largest_curvature(case.model, unfinished, start, radius, Search(2, 1, 60), 16)
    assert few.centre_missing > 0.1 * few.value


def test_gradients_are_counted():
    case = attacked(nn.GELU)
    samples = AttackedSamples(case.x, case.perturbed, case.y, case.threat)
    calls = 0

    def count(*_):
        nonlocal calls
        calls += 1

    hook = case.model.register_forward_hook(count)
    found = largest_curvature(
        case.model, samples, torch.ones(83).double(), 0.1, Search(3, 2, 2), 40, frozen=True
    )
    hook.remove()
    # two points for each direction, each one loss; a gradient at all but the last; the centre
    assert calls == 3 * 2 + 2 * 2 + 1
    assert found.gradients == pytest.approx(4 + 7 / 3)


def test_weights_come_back_bit_for_bit_also_after_an_error():
    _, _, _, model, samples, directions = linear_case()
    model = model.float().train()
    single = AttackedSamples(
        samples.x.float(), samples.perturbed.float(), samples.y, samples.threat
    )
    before = snapshot(model)
    weight = [model.linear.weight]
    search = Search(2, 2, 2)
    largest_curvature(model, single, directions[0], 0.1, search, 7, parameters=weight)
    assert_same(before, snapshot(model))
    seen = []

    def failing(*_):
        seen.append(model.linear.weight.clone())
        if len(seen) == 9:
            raise RuntimeError("no attack today")

    hook = model.register_forward_hook(failing)
    with pytest.raises(RuntimeError, match="no attack today"):
        largest_curvature(model, single, directions[0], 0.1, search, 30, parameters=weight)
    hook.remove()
    assert not torch.equal(seen[-1], seen[0])
    assert_same(before, snapshot(model))


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan")])
def test_a_radius_that_is_none(radius):
    _, _, _, model, samples, directions = linear_case()
    with pytest.raises(ValueError, match=r"radius: got .*; allowed: a number above 0"):
        largest_curvature(model, samples, directions[0], radius, ONE, 7)
