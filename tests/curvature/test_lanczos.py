"""Eigenvalues against dense float64 Hessians, and ARPACK on matrices of known spectra."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import eigsh

from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import extreme_eigenvalues, largest_eigenvalue
from tests.curvature.matrices import Dense, network_like, with_spectrum
from tests.curvature.test_hessian import dense
from tests.networks import batch, small_net


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def values(pairs):
    return [pair.value for pair in pairs]


def true_residual(matrix, pair):
    vector = pair.vector.double()
    product = matrix * vector if matrix.ndim == 1 else matrix @ vector
    return float((product - pair.value * vector).norm())


@pytest.fixture(params=[10, 4])
def case(request):
    model, (x, y) = small_net(), batch(10)
    return HessianOperator(model, x, y, request.param), dense(model, x, y)


@pytest.mark.parametrize("stop", ["residual", "error"])
def test_both_ends_are_the_dense_hessians(case, generator, stop):
    operator, matrix = case
    found = extreme_eigenvalues(operator, 1e-9, 180, generator, top=4, bottom=3, stop=stop)
    exact = torch.linalg.eigvalsh(matrix)
    assert found.converged
    assert values(found.top) == pytest.approx(exact.flip(0)[:4].tolist(), rel=1e-8)
    assert values(found.bottom) == pytest.approx(exact[:3].tolist(), rel=1e-8)
    assert found.products == operator.products
    for pair in (*found.top, *found.bottom):
        assert float(pair.vector.norm()) == pytest.approx(1, abs=1e-12)
        assert true_residual(matrix, pair) <= pair.residual * 1.001
        assert (pair.value - exact).abs().min() <= pair.error + 1e-13  # eigvalsh's own error


def test_largest_alone(case, generator):
    operator, matrix = case
    found = largest_eigenvalue(operator, 1e-8, 200, generator)
    assert found.value == pytest.approx(torch.linalg.eigvalsh(matrix)[-1].item(), rel=1e-8)
    assert found.products == operator.products


def test_a_loose_tolerance_costs_less_and_its_residual_holds(case, generator):
    operator, matrix = case
    found = largest_eigenvalue(operator, 1e-2, 200, generator)
    tight = largest_eigenvalue(operator, 1e-8, 200, generator.manual_seed(0))
    assert found.products < tight.products
    assert found.residual == pytest.approx(true_residual(matrix, found), rel=1e-6)
    assert (torch.linalg.eigvalsh(matrix) - found.value).abs().min() <= found.residual


def test_giving_up_is_said(case, generator, caplog):
    operator, matrix = case
    with caplog.at_level(logging.WARNING):
        found = largest_eigenvalue(operator, 1e-9, 4, generator)
    assert not found.converged
    assert found.products == 4
    assert found.residual > 1e-9 * found.value
    assert found.residual == pytest.approx(true_residual(matrix, found), rel=1e-6)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("stop", ["residual", "error"])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-6])
def test_float32_residuals_and_errors_are_honest(stop, tolerance):
    exact = network_like()
    for seed in range(5):
        operator = Dense(exact.float())
        found = largest_eigenvalue(operator, tolerance, 60, seeded(seed), stop=stop)
        assert found.converged
        assert true_residual(exact, found) <= 1.01 * found.residual + 1e-7 * exact[0]
        assert abs(found.value - exact[0]) <= found.error
        assert abs(found.value - exact[0]) <= (1e-3 if tolerance == 1e-3 else 1e-6) * exact[0]


#: most products that the largest eigenvalue of ``network_like`` may take; ARPACK takes 7 to 21
BUDGET = {("error", 1e-3): 6, ("error", 1e-6): 8, ("residual", 1e-3): 7, ("residual", 1e-6): 11}


@pytest.mark.parametrize(("stop", "tolerance"), BUDGET)
def test_products_on_a_spectrum_like_a_networks(stop, tolerance):
    for seed in range(10):
        operator = Dense(network_like(dtype=torch.float32))
        found = largest_eigenvalue(operator, tolerance, 60, seeded(seed), stop=stop)
        assert found.products <= BUDGET[stop, tolerance]


@pytest.mark.parametrize("basis", [6, 9, 13])
def test_restarts_change_nothing_but_the_products(basis):
    matrix = torch.cat([network_like(2000), torch.tensor([-30.0, -20.0]).double()])
    free = extreme_eigenvalues(Dense(matrix), 1e-8, 400, seeded(), top=2, bottom=1)
    short = extreme_eigenvalues(Dense(matrix), 1e-8, 4000, seeded(), top=2, bottom=1, basis=basis)
    assert free.converged
    assert short.converged
    assert short.products >= free.products
    assert values(short.top) == pytest.approx(values(free.top), rel=1e-12)
    assert values(short.bottom) == pytest.approx(values(free.bottom), rel=1e-12)
    for pair in (*short.top, *short.bottom):
        assert true_residual(matrix, pair) <= 1.01 * pair.residual


@pytest.mark.parametrize("stop", ["residual", "error"])
@pytest.mark.parametrize(
    "spectrum",
    [
        100 / torch.arange(1, 3001).double(),
        100 / torch.arange(1, 3001).double().sqrt(),
        torch.cat([network_like(3000), torch.tensor([-200.0, -150.0]).double()]),
    ],
    ids=["power", "slow power", "negative outliers"],
)
def test_the_error_is_honest_over_many_starts(stop, spectrum):
    exact = spectrum.max()
    for seed in range(150):
        found = largest_eigenvalue(Dense(spectrum), 1e-2, 200, seeded(seed), stop=stop)
        assert abs(found.value - exact) <= found.error <= found.residual * 1.001
        assert abs(found.value - exact) <= 1e-2 * exact


spectra = st.lists(
    st.sampled_from([-3.0, -2.0, -1e-9, 0.0, 1e-6, 1.0, 1.0 + 1e-4, 2.0, 2.0 + 1e-7, 5.0]),
    min_size=4,
    max_size=25,
)


@given(spectrum=spectra, seed=st.integers(0, 100))
def test_clusters_and_multiple_eigenvalues_against_arpack(spectrum, seed):
    matrix = with_spectrum(spectrum, seed)
    found = extreme_eigenvalues(Dense(matrix), 1e-10, 200, seeded(seed), top=1, bottom=1)
    exact = np.sort(spectrum)
    assert found.converged
    assert found.top[0].value == pytest.approx(exact[-1], abs=1e-8)
    assert found.bottom[0].value == pytest.approx(exact[0], abs=1e-8)
    if np.ptp(exact) > 0:  # ARPACK breaks down on multiples of the identity
        start = np.random.default_rng(seed).standard_normal(len(exact))
        arpack = eigsh(matrix.numpy(), k=1, which="LA", v0=start, return_eigenvectors=False)
        assert found.top[0].value == pytest.approx(arpack[0], abs=1e-8)


@given(
    spectrum=st.lists(st.floats(-10, 10), min_size=5, max_size=20, unique=True),
    seed=st.integers(0, 100),
)
def test_every_value_found_is_an_eigenvalue_within_its_residual(spectrum, seed):
    matrix = with_spectrum(spectrum, seed)
    exact = torch.linalg.eigvalsh(matrix)
    found = extreme_eigenvalues(Dense(matrix), 1e-3, 200, seeded(seed), top=2, bottom=2, basis=7)
    assert found.converged
    for pair in (*found.top, *found.bottom):
        assert (exact - pair.value).abs().min() <= pair.residual * 1.001
        assert true_residual(matrix, pair) <= pair.residual * 1.001


def test_after_a_breakdown_another_copy_is_found(generator):
    operator = Dense(with_spectrum([5.0, 5.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0]))
    found = extreme_eigenvalues(operator, 1e-6, 20, generator, top=3)
    assert found.converged
    assert values(found.top) == pytest.approx([5.0, 5.0, 1.0])  # of three copies two


def test_the_identity_takes_one_product(generator):
    operator = Dense(torch.ones(50, dtype=torch.float64))
    found = largest_eigenvalue(operator, 1e-3, 20, generator)
    assert (found.converged, found.products) == (True, 1)
    assert found.value == pytest.approx(1)


def test_zero_matrix(generator):
    found = extreme_eigenvalues(Dense(torch.zeros(9).double()), 1e-3, 20, generator, top=2)
    assert values(found.top) == [0, 0]
    assert found.converged


def test_negative_definite(generator):
    exact = -torch.linspace(1, 4, 30, dtype=torch.float64)
    found = extreme_eigenvalues(Dense(exact), 1e-8, 60, generator, top=1, bottom=1)
    assert found.top[0].value == pytest.approx(-1, rel=1e-8)
    assert found.bottom[0].value == pytest.approx(-4, rel=1e-8)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_fewer_dimensions_than_wanted(dim, generator):
    exact = torch.arange(1, dim + 1).double()
    found = extreme_eigenvalues(Dense(exact), 1e-8, 40, generator, top=3, bottom=2)
    assert values(found.top) == pytest.approx(exact.flip(0).tolist())
    assert values(found.bottom) == pytest.approx(exact[:2].tolist())
    assert found.converged


def test_a_product_that_is_not_finite(generator):
    with pytest.raises(FloatingPointError, match="product 1 "):
        largest_eigenvalue(Dense(torch.full((5,), torch.nan)), 1e-3, 20, generator)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"top": 0}, "top, bottom"),
        ({"tolerance": 0.0}, "tolerance: got 0.0"),
        ({"basis": 2}, "basis: got 2; allowed: 3"),
        ({"top": 4, "max_products": 3}, "max_products: got 3; allowed: 4"),
    ],
)
def test_what_cannot_be_met(wrong, message, generator):
    arguments = {"tolerance": 1e-3, "max_products": 20, "generator": generator} | wrong
    with pytest.raises(ValueError, match=message):
        extreme_eigenvalues(Dense(torch.ones(9)), **arguments)
