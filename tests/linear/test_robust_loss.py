"""Closed forms against finite differences, torch autograd, and the maximum they stand for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advscape.linear.robust_loss import LinearModel, RobustLoss
from tests.linear.problems import problems


def pack(line):
    return np.append(line.w, line.b)


def unpack(z):
    return LinearModel(z[:-1], float(z[-1]))


def torch_loss(loss, z):
    """The same loss in torch, for autograd."""
    x, t = torch.from_numpy(loss.x), torch.from_numpy(loss.t)
    w, b = z[:-1], z[-1]
    margins = t * (x @ w + b) - loss.radius * w.norm()
    return torch.nn.functional.softplus(-margins).mean() + 0.5 * loss.weight_decay * (w @ w)


@given(problems(min_radius=-2.0))
def test_value_gradient_and_hessian_are_autograds(case):
    loss, line = case
    z = torch.from_numpy(pack(line)).requires_grad_(True)
    value = torch_loss(loss, z)
    assert loss.value(line) == pytest.approx(value.item(), rel=1e-12)
    (gradient,) = torch.autograd.grad(value, z)
    assert np.allclose(loss.gradient(line), gradient.numpy(), rtol=1e-10, atol=1e-12)
    hessian = torch.autograd.functional.hessian(lambda z: torch_loss(loss, z), z.detach()).numpy()
    assert np.allclose(loss.joint_hessian(line), hessian, rtol=1e-10, atol=1e-10)
    over_w = hessian[:-1, :-1] - loss.weight_decay * np.eye(len(line.w))
    assert np.allclose(loss.hessian(line), over_w, rtol=1e-10, atol=1e-10)


@given(problems())
def test_gradient_is_the_five_point_difference(case):
    loss, line = case
    h, z = 1e-3, pack(line)
    for i, step in enumerate(h * np.eye(len(z))):
        f = [loss.value(unpack(z + k * step)) for k in (-2, -1, 1, 2)]
        slope = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
        assert loss.gradient(line)[i] == pytest.approx(slope, abs=1e-8)


@given(problems())
def test_frozen_part_is_the_hessian_at_fixed_noise(case):
    loss, line = case
    delta = -loss.radius * loss.t[:, None] * line.w / line.norm
    fixed = RobustLoss(loss.x + delta, loss.t, 0.0)
    assert np.allclose(loss.hessian(line, "frozen"), fixed.hessian(line), atol=1e-12)
    assert loss.data_loss(line) == pytest.approx(fixed.data_loss(line), rel=1e-12)


@given(problems())
def test_parts_add_up_and_the_response_only_adds_curvature(case):
    loss, line = case
    parts = [loss.hessian(line, part) for part in ("frozen", "response", "total")]
    assert np.allclose(parts[0] + parts[1], parts[2], atol=1e-12)
    assert np.linalg.eigvalsh(parts[1]).min() > -1e-12


@given(problems(), st.integers(0, 1000))
def test_no_noise_of_the_ball_is_worse(case, seed):
    loss, line = case
    noise = np.random.default_rng(seed).normal(size=loss.x.shape)
    noise *= loss.radius / np.linalg.norm(noise, axis=1, keepdims=True)
    other = RobustLoss(loss.x + noise, loss.t, 0.0)
    assert other.data_loss(line) <= loss.data_loss(line) + 1e-12


@given(problems(), st.integers(0, 1000))
def test_convex_along_random_lines(case, seed):
    loss, line = case
    other = np.random.default_rng(seed).normal(size=len(line.w) + 1)
    middle = unpack((pack(line) + other) / 2)
    assert loss.value(middle) <= (loss.value(line) + loss.value(unpack(other))) / 2 + 1e-12


@given(problems(), st.integers(0, 1000))
def test_rotations_and_flipped_labels_change_nothing(case, seed):
    loss, line = case
    d = len(line.w)
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))
    turned = RobustLoss(loss.x @ q.T, loss.t, loss.radius, loss.weight_decay)
    assert turned.value(LinearModel(q @ line.w, line.b)) == pytest.approx(
        loss.value(line), rel=1e-10
    )
    flipped = RobustLoss(loss.x, -loss.t, loss.radius, loss.weight_decay)
    assert flipped.value(LinearModel(-line.w, -line.b)) == pytest.approx(
        loss.value(line), rel=1e-10
    )


@given(st.floats(0.1, 3.0), st.floats(0.1, 3.0))
def test_one_sample_at_its_stationary_point(epsilon, norm):
    """The theorem: eigenvalues 0 and epsilon / (2 |w|), all of it in the response."""
    x = epsilon * np.array([0.6, 0.8])
    loss = RobustLoss(x[None], np.ones(1), epsilon)
    line = LinearModel(norm * np.array([0.6, 0.8]), 0.0)
    assert np.allclose(loss.hessian(line, "frozen"), 0, atol=1e-12)
    eigenvalues = np.linalg.eigvalsh(loss.hessian(line))
    assert eigenvalues == pytest.approx([0, epsilon / (2 * norm)], abs=1e-12)


def test_the_cone_has_no_hessian():
    loss = RobustLoss(np.eye(2), np.array([1.0, -1.0]), 0.5)
    with pytest.raises(ValueError, match="w is 0"):
        loss.hessian(LinearModel(np.zeros(2), 0.0))


def test_unknown_part():
    loss = RobustLoss(np.eye(2), np.array([1.0, -1.0]), 0.5)
    with pytest.raises(ValueError, match="got 'half'; allowed: frozen, response, total"):
        loss.hessian(LinearModel(np.ones(2), 0.0), "half")
