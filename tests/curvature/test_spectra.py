import pytest
import torch

from advscape.curvature.hessian import HessianOperator
from advscape.curvature.spectra import hutchinson_trace, largest_eigenvalue
from tests.curvature.test_hessian import dense
from tests.networks import batch, small_net


@pytest.fixture(params=[10, 4])
def case(request):
    model, (x, y) = small_net(), batch(10)
    return HessianOperator(model, x, y, request.param), dense(model, x, y)


def test_largest_eigenvalue_is_the_dense_ones(case, generator):
    operator, matrix = case
    found = largest_eigenvalue(operator, 1e-8, 200, generator)
    exact = torch.linalg.eigvalsh(matrix)[-1].item()
    assert found.converged
    assert found.value == pytest.approx(exact, rel=1e-8)
    assert found.residual <= 1e-8 * exact
    measured = (matrix @ found.vector - found.value * found.vector).norm().item()
    assert found.residual == pytest.approx(measured, abs=1e-12)
    assert found.products == operator.products


def test_a_loose_tolerance_costs_less_and_its_residual_holds(case, generator):
    operator, matrix = case
    found = largest_eigenvalue(operator, 1e-2, 200, generator)
    tight = largest_eigenvalue(operator, 1e-8, 200, generator.manual_seed(0))
    assert found.products < tight.products
    eigenvalues = torch.linalg.eigvalsh(matrix)
    assert (eigenvalues - found.value).abs().min() <= found.residual


def test_giving_up_is_said(case, generator):
    operator, _ = case
    found = largest_eigenvalue(operator, 1e-12, 4, generator)
    assert not found.converged
    assert found.products == 4
    assert found.residual > 1e-12 * found.value


def test_trace_within_its_error_over_many_seeds(case):
    operator, matrix = case
    exact = torch.trace(matrix).item()
    inside = 0
    for seed in range(100):
        found = hutchinson_trace(operator, 20, torch.Generator().manual_seed(seed))
        inside += abs(found.value - exact) < 2.09 * found.stderr  # Student's t, 19 degrees
    assert inside >= 90


def test_same_seed_same_probes(case):
    operator, _ = case
    one, two = (hutchinson_trace(operator, 5, torch.Generator().manual_seed(1)) for _ in range(2))
    assert one == two
