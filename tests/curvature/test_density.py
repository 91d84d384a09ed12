"""Density of the eigenvalues against dense spectra."""

import numpy as np
import pytest
import torch

from advscape.curvature.density import spectral_density
from advscape.curvature.hessian import HessianOperator
from tests.curvature.matrices import Dense, network_like, with_spectrum
from tests.curvature.test_hessian import dense
from tests.networks import batch, small_net


@pytest.fixture(scope="module")
def spectrum():
    """A network's Hessian as a matrix, and its eigenvalues."""
    model, (x, y) = small_net(), batch(10)
    matrix = dense(model, x, y)
    return Dense(matrix), torch.linalg.eigvalsh(matrix).numpy()


def moments(density, order):
    """tr(H^order) / dim as each probe has it."""
    return np.array([probe.weights @ probe.nodes**order for probe in density.probes])


def test_first_four_moments_are_the_dense_ones():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3)).double()
    x, y = batch(60)
    matrix = dense(model, x - 0.5, y).detach()  # centred: no single eigenvalue holds the moments
    found = spectral_density(Dense(matrix), 4000, 3, torch.Generator().manual_seed(0))
    exact = torch.linalg.eigvalsh(matrix).numpy()
    for order in range(1, 5):
        assert moments(found, order).mean() == pytest.approx(np.mean(exact**order), rel=0.01)


def test_moments_are_within_their_errors(spectrum):
    operator, exact = spectrum
    found = spectral_density(operator, 500, 3, torch.Generator().manual_seed(0))
    for order in range(1, 5):
        samples = moments(found, order)
        stderr = samples.std(ddof=1) / len(samples) ** 0.5
        assert abs(samples.mean() - np.mean(exact**order)) <= 2.5 * stderr


def test_quadrature_of_one_probe_is_exact_to_degree_2k_minus_1(spectrum):
    """Weights are squared first components of T's eigenvectors, one for each node.

    Landscaper 1.3.1 gives the squares of all components (hessian.py: PyHessian.density), which add
    up to the number of nodes.
    """
    operator, _ = spectrum
    found = spectral_density(operator, 2, 5, torch.Generator().manual_seed(0))
    v = operator.signs(torch.Generator().manual_seed(0))
    powers = [v]
    for quadrature_order in range(10):
        nodes, weights = found.probes[0].nodes, found.probes[0].weights
        expected = float(v @ powers[-1]) / operator.dim
        assert weights @ nodes**quadrature_order == pytest.approx(expected, rel=1e-9)
        powers.append(operator.matrix @ powers[-1])


def test_the_curve_is_the_broadened_spectrum(spectrum):
    operator, exact = spectrum
    before = operator.products
    found = spectral_density(operator, 400, 60, torch.Generator().manual_seed(0))
    grid = found.grid(300, 0.3)
    curve = found.curve(grid, 0.3)
    away = (grid[:, None] - exact) / 0.3
    truth = np.exp(-(away**2) / 2).mean(axis=1) / (0.3 * np.sqrt(2 * np.pi))
    assert curve.converged
    assert curve.integral == pytest.approx(1, abs=1e-3)
    assert np.trapezoid(np.abs(curve.density - truth), grid) < 0.03
    assert np.mean(np.abs(curve.density - truth) <= 2 * curve.stderr + 1e-4) > 0.9
    assert curve.products == operator.products - before == 24_000


def test_weights_are_a_measure_without_spurious_nodes():
    operator = Dense(network_like(3000, torch.float32))
    found = spectral_density(operator, 2, 80, torch.Generator().manual_seed(0))
    assert found.products == 160
    for quadrature in found.probes:
        assert quadrature.weights.sum() == pytest.approx(1)
        assert (quadrature.weights >= 0).all()
        assert (quadrature.nodes > 100).sum() == 1  # no ghost copies of 148.8
        assert quadrature.nodes.min() >= -0.3001


def test_a_width_or_a_grid_that_is_too_fine_is_said():
    found = spectral_density(Dense(network_like(3000)), 3, 20, torch.Generator().manual_seed(0))
    assert found.curve(found.grid(1000, 5.0), 5.0).converged
    fine = found.curve(found.grid(10_000, 0.05), 0.05)
    assert fine.integral == pytest.approx(1, abs=0.01)
    assert fine.truncation > 0.05
    assert not fine.converged
    narrow = found.curve(np.linspace(10, 160, 1000), 5.0)
    assert narrow.integral < 0.9
    assert not narrow.converged


def test_few_distinct_eigenvalues_stop_early_and_are_exact():
    operator = Dense(with_spectrum([2.0] * 20 + [-1.0] * 20))
    found = spectral_density(operator, 3, 30, torch.Generator().manual_seed(0))
    assert found.products == 6
    assert all(q.nodes == pytest.approx([-1, 2]) for q in found.probes)
    assert found.curve(found.grid(500, 0.1), 0.1).truncation == 0


def test_more_steps_than_dimensions_and_the_operator_itself():
    model, (x, y) = small_net(), batch(4)
    operator = HessianOperator(model, x, y, 4, list(model[1].parameters()))
    matrix = Dense(torch.stack([operator @ e for e in torch.eye(operator.dim).double()]))
    ours, theirs = (
        spectral_density(h, 3, 50, torch.Generator().manual_seed(0)) for h in (operator, matrix)
    )
    assert ours.products == 3 * operator.dim
    for a, b in zip(ours.probes, theirs.probes, strict=True):
        assert a.nodes == pytest.approx(b.nodes, abs=1e-8)


@pytest.mark.parametrize(("probes", "steps"), [(1, 5), (5, 1)])
def test_too_few(probes, steps, generator):
    with pytest.raises(ValueError, match="probes, steps: got"):
        spectral_density(Dense(torch.ones(9)), probes, steps, generator)
