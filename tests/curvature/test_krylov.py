"""The basis of Lanczos, held to its definition; numpy is the referee."""

import numpy as np
import pytest
import torch

from advscape.curvature.krylov import KrylovBasis, dots
from tests.curvature.matrices import Dense


def spectrum(dim, kind):
    """Eigenvalues as networks have them, or the worst for a basis: few, each many times."""
    if kind == "outliers":
        return np.r_[100.0, 70.0, 65.0, 1e-2 * np.random.default_rng(1).standard_normal(dim - 3)]
    return np.repeat([5.0, 1.0, -2.0, 1e-6], dim // 4)


@pytest.mark.parametrize("kind", ["outliers", "multiple"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_orthonormal_and_its_relation_holds_over_restarts(dtype, kind):
    dim, limit = 400, 12
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    matrix = torch.from_numpy((rotation * spectrum(dim, kind)) @ rotation.T).to(dtype)
    operator = Dense(matrix)
    krylov = KrylovBasis(operator, torch.from_numpy(rng.standard_normal(dim)).to(dtype), limit)
    norm = float(np.abs(spectrum(dim, kind)).max())
    for step in range(40):
        if krylov.size == limit:
            krylov.shrink(krylov.ritz()[1][:, [-1, -2, -3, 0]])
        krylov.grow()
        if krylov.invariant:
            krylov.turn(torch.from_numpy(rng.standard_normal(dim)).to(dtype))
        v = krylov._vectors[: krylov.size + 1].double().numpy()
        eps = torch.finfo(dtype).eps
        assert np.abs(v @ v.T - np.eye(len(v))).max() < 20 * eps, step
        inside, beyond = v[:-1], v[-1:]
        size = krylov.size
        projected, coupling = krylov._projection[:size, :size], krylov._coupling[:size]
        left = inside @ matrix.double().numpy()
        right = projected.T @ inside + np.outer(coupling, beyond)
        assert np.abs(left - right).max() < 20 * eps * norm, step


def test_inner_products_of_long_vectors_lose_less_than_rounding_the_vectors_does(generator):
    rows, vector = (torch.rand(*shape, 2_000_001, generator=generator) for shape in ((2,), ()))
    exact = (rows.double() @ vector.double()).numpy()
    half = torch.finfo(torch.float32).eps / 2
    np.testing.assert_allclose(dots(rows, vector), exact, rtol=half)
