"""Largest eigenvalues and traces of the clean loss's Hessian, as the peers find them.

Each takes the model, one batch and a seed, at the peer's own settings, and gives values and the
products it counts, or None where it counts none. A peer is imported by its own functions, so that
the others run without it.
"""

from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn
from torch.nn import functional

Found = tuple[list[float], int | None]


def pyhessian_eigenvalues(model: nn.Module, x: Tensor, y: Tensor, k: int, seed: int) -> Found:
    """Power iteration with deflation, to a move of 1e-3."""
    from pyhessian import hessian

    torch.manual_seed(seed)
    found = hessian(model, nn.CrossEntropyLoss(), data=(x, y), cuda=False)
    values = found.eigenvalues(top_n=k)[0]
    model.zero_grad()  # it leaves a graph there
    return values, None


def pyhessian_trace(model: nn.Module, x: Tensor, y: Tensor, probes: int, seed: int) -> Found:
    """Hutchinson's, all probes."""
    from pyhessian import hessian

    torch.manual_seed(seed)
    found = hessian(model, nn.CrossEntropyLoss(), data=(x, y), cuda=False)
    samples = found.trace(maxIter=probes, tol=0.0)
    model.zero_grad()
    return [float(np.mean(samples))], len(samples)


def _landscaper(model: nn.Module, x: Tensor, y: Tensor) -> Any:
    from landscaper import PyHessian

    return PyHessian(model, nn.CrossEntropyLoss(), [(x, y)], "cpu")


def landscaper_eigenvalues(model: nn.Module, x: Tensor, y: Tensor, k: int, seed: int) -> Found:
    """Power iteration with deflation, to a move of 1e-3; a graph of its own for every product."""
    torch.manual_seed(seed)
    with redirect_stderr(StringIO()):  # its bars
        return _landscaper(model, x, y).eigenvalues(top_n=k)[0], None


def landscaper_trace(model: nn.Module, x: Tensor, y: Tensor, probes: int, seed: int) -> Found:
    """Hutchinson's, all probes."""
    torch.manual_seed(seed)
    return [float(_landscaper(model, x, y).trace(maxIter=probes, tol=0.0))], probes


def _curvlinops(model: nn.Module, x: Tensor, y: Tensor) -> Any:
    from curvlinops import HessianLinearOperator

    weights = [p for p in model.parameters() if p.requires_grad]
    return HessianLinearOperator(
        model, nn.CrossEntropyLoss(), weights, [(x, y)], check_deterministic=False
    )


def curvlinops_eigenvalues(model: nn.Module, x: Tensor, y: Tensor, k: int, seed: int) -> Found:
    """Its operator under scipy's eigsh with the default basis, to 1e-3."""
    operator, count = _curvlinops(model, x, y).to_scipy(), [0]

    def product(v: np.ndarray) -> np.ndarray:
        count[0] += 1
        return operator @ v.ravel().astype(np.float32)

    counted = LinearOperator(operator.shape, product, dtype=np.float32)
    start = np.random.default_rng(seed).standard_normal(operator.shape[0])
    values = eigsh(counted, k=k, which="LA", tol=1e-3, v0=start, return_eigenvectors=False)
    return sorted(map(float, values), reverse=True), count[0]


def curvlinops_trace(model: nn.Module, x: Tensor, y: Tensor, probes: int, seed: int) -> Found:
    """Hutchinson's."""
    from curvlinops import hutchinson_trace

    torch.manual_seed(seed)
    value = hutchinson_trace(_curvlinops(model, x, y), num_matvecs=probes)
    return [float(value)], probes


def _eigenthings(model: nn.Module, x: Tensor, y: Tensor) -> Any:
    from hessian_eigenthings import HessianOperator, supervised_loss

    return HessianOperator(model, [(x, y)], supervised_loss(functional.cross_entropy))


def eigenthings_eigenvalues(model: nn.Module, x: Tensor, y: Tensor, k: int, seed: int) -> Found:
    """Lanczos with the 20 products it takes for its own default of 10 eigenvalues.

    Its default for k is 2 k: 2 products for one eigenvalue, which is none yet.
    """
    from hessian_eigenthings import lanczos

    found = lanczos(_eigenthings(model, x, y), k=k, max_iter=20, which="LA", seed=seed)
    return found.eigenvalues.tolist(), found.iterations


def eigenthings_trace(model: nn.Module, x: Tensor, y: Tensor, probes: int, seed: int) -> Found:
    """Hutch++, its default."""
    from hessian_eigenthings import trace

    found = trace(_eigenthings(model, x, y), num_matvecs=probes, seed=seed)
    return [found.estimate], probes


EIGENVALUES = {
    "PyHessian": pyhessian_eigenvalues,
    "curvlinops + eigsh": curvlinops_eigenvalues,
    "hessian-eigenthings": eigenthings_eigenvalues,
    "Landscaper": landscaper_eigenvalues,
}
TRACES = {
    "PyHessian": pyhessian_trace,
    "curvlinops": curvlinops_trace,
    "hessian-eigenthings": eigenthings_trace,
    "Landscaper": landscaper_trace,
}
