"""Hessians against dense ones, and the total against differences of a re-attacked gradient."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import eigsh
from torch import nn
from torch.func import functional_call, hessian

import advscape
from tests.networks import batch, small_net

EPSILON = 0.3


@pytest.fixture(scope="module")
def net():
    return small_net(activation=nn.GELU)


@pytest.fixture(scope="module")
def loss(net):
    return advscape.AdversarialLoss(
        net, *batch(14), norm="l2", epsilon=EPSILON, batch_size=6, attack=advscape.PGD(steps=30)
    )


def at_maxima(net, x, y):
    """Fixed points of delta = epsilon g / |g|: the referee's own attack."""
    net, delta = net.eval(), torch.zeros_like(x)
    for _ in range(150):
        noisy = (x + delta).requires_grad_(True)
        (g,) = torch.autograd.grad(
            nn.functional.cross_entropy(net(noisy), y, reduction="sum"), noisy
        )
        delta = EPSILON * g / g.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    return (x + delta).detach()


def dense(net, x, y, names=None):
    """The Hessian (dim, dim) over some parameters, by torch.func."""
    parameters = {k: p.detach() for k, p in net.named_parameters() if names is None or k in names}

    def mean_loss(moved):
        return nn.functional.cross_entropy(functional_call(net.eval(), moved, (x,)), y)

    blocks = hessian(mean_loss)(parameters)
    rows = [
        torch.cat([blocks[a][b].reshape(p.numel(), -1) for b in parameters], dim=1)
        for a, p in parameters.items()
    ]
    return torch.cat(rows).detach().numpy()


@pytest.mark.parametrize("term", ["clean", "frozen"])
def test_eigenvalues_are_those_of_the_dense_matrix(net, loss, term):
    x, y = batch(14)
    values = np.linalg.eigvalsh(dense(net, x if term == "clean" else at_maxima(net, x, y), y))
    found = loss.hessian(term).eigenvalues(largest=5, smallest=1, tolerance=1e-6)
    assert found.converged
    assert found.n == 14
    assert found.values == pytest.approx([*values[::-1][:5], values[0]], abs=1e-6)
    assert (found.residuals <= 1e-6 * values[-1]).all()
    assert (found.value, found.residual) == (found.values[0], found.residuals[0])
    assert found.vectors.norm(dim=1).tolist() == pytest.approx([1] * 6)


def test_a_filter_by_name_gives_the_block(net, loss):
    names = ("0.weight", "4.weight")
    H = loss.hessian("clean", parameters="[04].weight")
    assert H.names == names
    x, y = batch(14)
    assert (H @ torch.eye(H.shape[0], dtype=torch.float64)).numpy() == pytest.approx(
        dense(net, x, y, names), abs=1e-10
    )


def test_total_is_the_difference_of_the_reattacked_gradient(net, loss):
    x, y = batch(14)
    H = loss.hessian("total")
    assert H.n == 14
    v = torch.randn(H.shape[0], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    moved, step, slopes = small_net(activation=nn.GELU), 1e-4 / v.norm(), []
    moved.load_state_dict(net.state_dict())
    home = nn.utils.parameters_to_vector(moved.parameters()).detach()
    for sign in (1, -1):
        nn.utils.vector_to_parameters(home + sign * step * v, moved.parameters())
        value = nn.functional.cross_entropy(moved(at_maxima(moved, x, y)), y)
        slopes.append(
            torch.cat([g.flatten() for g in torch.autograd.grad(value, [*moved.parameters()])])
        )
    expected = (slopes[0] - slopes[1]) / (2 * step)
    assert float((H @ v - expected).norm() / expected.norm()) < 2e-3  # systems are solved to 1e-3
    response = loss.hessian("response") @ v
    assert float((loss.hessian("frozen") @ v + response - expected).norm() / expected.norm()) < 2e-3
    assert float(response.norm() / expected.norm()) > 0.1


@pytest.mark.parametrize("term", ["clean", "total"])
def test_traces_are_within_their_errors(loss, term):
    H = loss.hessian(term)
    exact = float((H @ torch.eye(H.shape[0], dtype=torch.float64)).trace())
    found = H.trace(relative_error=None, max_probes=200)
    assert abs(found.value - exact) < 4 * found.stderr
    assert (found.probes, found.n, found.converged) == (200, 14, True)
    assert found.products == 200 + H.eigenvalues().products
    assert list(found.layers) == [name for name, _ in small_net().named_parameters()]
    assert sum(value for value, _ in found.layers.values()) == pytest.approx(found.value)
    assert not H.trace(relative_error=1e-4, max_probes=20).converged


def test_scipy_finds_the_same_eigenvalue(loss):
    H = loss.hessian("frozen")
    operator = H.to_scipy()
    assert operator.dtype == np.float64
    assert operator.shape == H.shape
    (value,) = eigsh(operator, k=1, which="LA", return_eigenvectors=False)
    assert H.eigenvalues(tolerance=1e-6).value == pytest.approx(value, rel=1e-6)
    identity = np.eye(H.shape[0])[:, :3]
    assert (operator @ identity).shape == (H.shape[0], 3)


def test_gauss_newton_is_all_of_a_linear_networks_hessian():
    x, y = torch.rand(20, 5, dtype=torch.float64), torch.arange(20) % 3
    loss = advscape.AdversarialLoss(
        nn.Linear(5, 3, dtype=torch.float64), x, y, norm="l2", epsilon=0.2
    )
    v = torch.randn(18, dtype=torch.float64)
    assert torch.allclose(loss.hessian("gauss-newton") @ v, loss.hessian("frozen") @ v)


def test_density_has_the_trace_as_its_mean(net, loss):
    x, y = batch(14)
    H = loss.hessian("clean")
    found = H.density(steps=40, width=0.005, points=1500)
    values = np.linalg.eigvalsh(dense(net, x, y))
    assert found.converged
    mean = np.trapezoid(found.value * found.eigenvalue, found.eigenvalue)
    assert mean == pytest.approx(values.mean(), abs=3 * np.std(values) / np.sqrt(10))
    assert (found.n, found.probes) == (14, 10)


def test_a_networks_landscape_leaves_its_hessian_usable(loss):
    H = loss.hessian("clean")
    before = H.eigenvalues().value
    line = loss.landscape(attack="none", points=3)
    loss.sharpness("worst", radius=0.01, steps=1, restarts=1)
    assert H.eigenvalues().value == before
    assert line.value[1] == pytest.approx(
        float(advscape.AdversarialLoss(small_net(activation=nn.GELU), *batch(14), norm="l2",
                                       epsilon=0).value)
    )  # fmt: skip
