"""Moving a model: exact where it goes, bit for bit where it came from."""

import numpy as np
import pytest
import torch
from torch import nn

from advscape.curvature.hessian import HessianOperator
from advscape.landscape.directions import random_direction
from advscape.landscape.grid import alphas, line, plane, share
from advscape.landscape.losses import along
from advscape.landscape.walk import walking
from advscape.losses import sample_losses
from tests.networks import assert_same, batch, small_net, snapshot


def test_scans_of_a_quadratic_are_the_formula():
    generator = torch.Generator().manual_seed(0)
    draw = torch.randn(6, 6, generator=generator)
    q = draw + draw.T
    model = nn.Linear(6, 1, bias=False)
    one, two = (random_direction(model, "filter-normalised", seed) for seed in (0, 1))
    w, d, e = (t.detach().double().flatten() for t in (model.weight, one["weight"], two["weight"]))
    with walking(model, one, two) as to:
        for alpha, beta in plane(1.0, 5):
            to(alpha, beta)
            here = model.weight.detach().double().flatten()
            at = w + alpha * d + beta * e
            exact = 0.5 * at @ q.double() @ at
            assert 0.5 * here @ q.double() @ here == pytest.approx(exact.item(), rel=1e-6, abs=1e-6)


def test_the_loss_is_that_of_moved_weights_and_they_come_back_bit_for_bit():
    model, (x, y) = small_net(dtype=torch.float32).eval(), batch(dtype=torch.float32)
    directions = [random_direction(model, "filter-normalised", seed) for seed in (0, 1)]
    before, kept = snapshot(model), [id(p) for p in model.parameters()]
    found = {}
    with walking(model, *directions) as to, torch.no_grad():
        for point in plane(1.0, 3):
            to(*point)
            found[point] = sample_losses(model(x), y).mean().item()
    assert_same(before, snapshot(model))
    assert kept == [id(p) for p in model.parameters()]
    for (alpha, beta), loss in found.items():
        moved = small_net(dtype=torch.float32).eval()
        state = {name: value.clone() for name, value in model.state_dict().items()}
        for coordinate, direction in zip((alpha, beta), directions, strict=True):
            for name, d in direction.items():
                state[name] += coordinate * d
        moved.load_state_dict(state)
        with torch.no_grad():
            assert loss == pytest.approx(sample_losses(moved(x), y).mean().item(), rel=1e-6)
    with torch.no_grad():
        assert found[0.0, 0.0] == sample_losses(model(x), y).mean().item()


def fail_on_the_way(model):
    with walking(model, random_direction(model, "raw", 0)) as to:
        to(1.0)
        raise RuntimeError


def test_weights_come_back_after_an_error():
    model = small_net()
    before = snapshot(model)
    with pytest.raises(RuntimeError):
        fail_on_the_way(model)
    assert_same(before, snapshot(model))


def test_second_differences_are_the_hessians():
    model, (x, y) = small_net().eval(), batch()
    direction = random_direction(model, "filter-normalised", 0)
    bent = along(HessianOperator(model, x, y, len(y)), model, direction)
    step = 1e-3
    losses = []
    with walking(model, direction) as to, torch.no_grad():
        for alpha in (-step, 0.0, step):
            to(alpha)
            losses.append(sample_losses(model(x), y).mean().item())
    assert (losses[0] - 2 * losses[1] + losses[2]) / step**2 == pytest.approx(bent, rel=1e-5)


def test_alphas_are_symmetric_and_hold_zero():
    steps = alphas(0.3, 7)
    assert len(steps) == 7
    assert steps[3] == 0
    assert steps[-1] == 0.3
    assert list(steps) == list(-steps[::-1])


def test_a_line_has_two_more_points_around_zero():
    points = line(1.0, 3, 0.01)
    assert points.tolist() == [-1.0, -0.01, 0.0, 0.01, 1.0]


def test_shares_are_contiguous_and_leave_nothing_out():
    for parts in (1, 2, 3, 7, 20):
        joined = [i for part in range(parts) for i in share(11, part, parts)]
        assert joined == list(range(11))
    assert np.ptp([len(share(11, part, 4)) for part in range(4)]) <= 1
