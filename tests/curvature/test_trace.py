"""Traces against dense matrices: 95 % intervals over 100 seeds, layers, what is known already."""

import logging
from itertools import product

import pytest
import torch
from scipy.stats import t as student

from advscape.curvature.functional import FunctionalOperator
from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import extreme_eigenvalues
from advscape.curvature.trace import layer_traces, remaining_traces
from tests.curvature.matrices import Dense, with_spectrum
from tests.curvature.test_hessian import dense
from tests.networks import batch, small_net


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def case():
    """A network's Hessian operator, and the same written out as a matrix."""
    model, (x, y) = small_net(), batch(10)
    operator, matrix = HessianOperator(model, x, y, 10), Dense(dense(model, x, y))
    matrix.parameters = operator.parameters
    return operator, matrix


def total(*arguments, **named):
    """The whole trace."""
    return layer_traces(*arguments, **named).total


def in_one(matrix):
    """An operator over a single parameter tensor."""
    operator = Dense(matrix)
    operator.parameters = [torch.zeros(operator.dim)]
    return operator


def inside(found, exact):
    """Whether the 95 % interval holds the exact value."""
    return abs(found.value - exact) <= student.ppf(0.975, found.probes - 1) * found.stderr


@pytest.mark.parametrize("accuracy", [None, 0.2])
def test_interval_holds_the_trace(case, accuracy):
    _, matrix = case
    exact = torch.trace(matrix.matrix).item()
    limit = 20 if accuracy is None else 3000
    found = [total(matrix, limit, seeded(seed), accuracy) for seed in range(100)]
    assert sum(inside(one, exact) for one in found) >= 90
    assert all(one.converged for one in found)


def test_on_the_operator_itself(case):
    operator, matrix = case
    before = operator.products
    ours, theirs = (total(h, 12, seeded()) for h in (operator, matrix))
    assert ours.products == operator.products - before == theirs.products
    assert ours.value == pytest.approx(theirs.value, rel=1e-4)  # draws are float32


def test_accuracy_decides_the_number_of_probes(case):
    _, matrix = case
    loose, tight = (total(matrix, 3000, seeded(), accuracy) for accuracy in (0.2, 0.05))
    assert loose.stderr <= 0.2 * abs(loose.value)
    assert tight.stderr <= 0.05 * abs(tight.value)
    assert loose.probes < tight.probes


def test_the_limit_is_said(case, caplog):
    _, matrix = case
    with caplog.at_level(logging.WARNING):
        found = total(matrix, 25, seeded(), 1e-6)
    assert not found.converged
    assert found.probes == 25
    assert len(caplog.records) == 1


def test_same_seed_same_probes(case):
    operator, _ = case
    one, two = (total(operator, 5, seeded(1)) for _ in range(2))
    assert one == two


def test_layers_are_the_diagonal_blocks(case):
    operator, matrix = case
    sizes = [p.numel() for p in operator.parameters]
    exact = [block.sum().item() for block in matrix.matrix.diagonal().split(sizes)]
    hits = torch.zeros(len(sizes))
    for seed in range(100):
        found = layer_traces(matrix, 20, seeded(seed))
        hits += torch.tensor([inside(t, e) for t, e in zip(found.layers, exact, strict=True)])
    assert (hits >= 90).all()
    assert sum(t.value for t in found.layers) == pytest.approx(found.total.value)
    assert found.total.products == 20


@pytest.mark.parametrize("basis", [None, 4])
def test_what_lanczos_has_seen_is_no_bias(basis):
    """The mean over all signs that there are is the trace of every block."""
    matrix = with_spectrum([9.0, 5, 3, 2, 1, 0.5, 0.1, 0, -1, -2])
    operator = Dense(matrix)
    operator.parameters = [torch.zeros(4), torch.zeros(2, 3)]
    found = extreme_eigenvalues(operator, 0.3, 8, seeded(), top=1, bottom=1, basis=basis)
    signs = iter(torch.tensor(list(product([-1.0, 1.0], repeat=10)), dtype=torch.float64))
    operator.signs = lambda generator: next(signs)
    traces = layer_traces(operator, 1024, seeded(), known=found.known)
    exact = [block.sum().item() for block in matrix.diagonal().split([4, 6])]
    assert [layer.value for layer in traces.layers] == pytest.approx(exact, abs=1e-12)
    assert traces.total.value == pytest.approx(17.6, abs=1e-12)
    assert traces.total.stderr > 0.01  # not all of it is known


def test_what_lanczos_has_seen_spares_probes(case):
    operator, matrix = case
    known = extreme_eigenvalues(matrix, 1e-3, 60, seeded(7)).known
    found = [layer_traces(matrix, 20, seeded(seed), known=known).total for seed in range(100)]
    plain = [total(matrix, 20, seeded(seed)) for seed in range(100)]
    exact = torch.trace(matrix.matrix).item()
    assert sum(inside(one, exact) for one in found) >= 90
    assert sum(one.stderr**2 for one in found) < 0.5 * sum(one.stderr**2 for one in plain)
    ours, theirs = (total(h, 3, seeded(), known=known) for h in (operator, matrix))
    assert ours.value == pytest.approx(theirs.value, rel=1e-4)  # draws are float32


def test_what_is_known_of_all_of_a_matrix_is_its_trace():
    """A matrix of rank 3: Lanczos runs into an invariant subspace, and no probe says more."""
    values = [5.0, -2.0, 1.0] + [0.0] * 27
    operator = in_one(with_spectrum(values))
    known = extreme_eigenvalues(operator, 1e-10, 30, seeded(), top=1).known
    found = layer_traces(operator, 2, seeded(1), known=known).total
    assert found.value == pytest.approx(4, abs=1e-10)
    assert found.stderr < 1e-10


def test_zero_operator():
    operator = in_one(torch.zeros(30, dtype=torch.float64))
    found = total(operator, 5, seeded(), 0.1)
    assert (found.value, found.stderr, found.converged) == (0, 0, True)


def test_one_probe_has_no_error():
    with pytest.raises(ValueError, match="probes: got 1"):
        total(in_one(torch.ones(5)), 1, seeded())


def test_a_product_that_is_not_finite():
    with pytest.raises(FloatingPointError, match="product 1 "):
        total(in_one(torch.full((5,), torch.inf)), 5, seeded())


def test_what_is_left_of_a_trace_is_that_of_the_operator_that_is_left(case):
    hessian, _ = case
    model, (x, y) = small_net(), batch(10)
    outer, rest = (kind(model, x, y, 10) for kind in (GaussNewtonOperator, FunctionalOperator))
    whole, taken, expected = (layer_traces(op, 8, seeded()) for op in (hessian, outer, rest))
    left = remaining_traces(whole, [taken])
    for found, exact in zip(
        (left.total, *left.layers), (expected.total, *expected.layers), strict=True
    ):
        assert found.samples == pytest.approx(exact.samples, rel=1e-9, abs=1e-10)
        assert (found.value, found.stderr) == pytest.approx((exact.value, exact.stderr), abs=1e-10)
        assert found.products == 0
    with pytest.raises(ValueError, match="probes of a term"):
        remaining_traces(whole, [layer_traces(outer, 7, seeded())])
