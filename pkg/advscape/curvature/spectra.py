"""What is read from a Hessian operator: largest eigenvalue and trace, each with its doubt."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from advscape.curvature.hessian import HessianOperator


@dataclass(frozen=True)
class Eigenpair:
    """An extreme eigenvalue.

    Attributes:
        value: Rayleigh quotient v . H v of the unit ``vector``.
        vector: (dim,).
        residual: |H v - value v|: an eigenvalue lies within this distance of ``value``.
        products: Hessian-vector products used.
        converged: whether residual <= tolerance * |value|.
    """

    value: float
    vector: Tensor
    residual: float
    products: int
    converged: bool


@dataclass(frozen=True)
class Trace:
    """A trace estimate: mean of ``probes`` samples v . H v and its standard error."""

    value: float
    stderr: float
    probes: int


def largest_eigenvalue(
    hessian: HessianOperator, tolerance: float, max_products: int, generator: torch.Generator
) -> Eigenpair:
    """Algebraically largest eigenvalue by Lanczos with full reorthogonalisation.

    Golub and Van Loan, Matrix Computations (4th ed.), section 10.1. It stops when the residual
    that the recurrence promises is below the tolerance; the one returned is measured by a product
    of its own.

    Args:
        hessian: the operator.
        tolerance: wanted residual, relative to the eigenvalue.
        max_products: give up after so many; ``converged`` then says so.
        generator: of the start vector.
    """
    before = hessian.products
    start = hessian.random_vector(generator)
    basis = [start / start.norm()]
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        w = hessian @ basis[-1]
        diagonal.append(float(basis[-1] @ w))
        stacked = torch.stack(basis)
        for _ in range(2):  # once is not enough in floating point (Parlett: "twice is enough")
            w = w - stacked.T @ (stacked @ w)
        beta = float(w.norm())
        last = len(diagonal) - 1
        values, vectors = eigh_tridiagonal(
            np.array(diagonal), np.array(beside), select="i", select_range=(last, last)
        )
        value, weights = float(values[0]), vectors[:, 0]
        promised = beta * abs(weights[-1])
        done = promised <= 0.9 * tolerance * abs(value) or len(diagonal) == hessian.dim
        if done or len(diagonal) >= max_products - 1:
            break
        beside.append(beta)
        basis.append(w / beta)
    vector = stacked.T @ torch.from_numpy(weights).to(stacked)
    vector = vector / vector.norm()
    product = hessian @ vector
    value = float(vector @ product)
    residual = float((product - value * vector).norm())
    return Eigenpair(
        value,
        vector,
        residual,
        hessian.products - before,
        residual <= tolerance * abs(value),
    )


def hutchinson_trace(hessian: HessianOperator, probes: int, generator: torch.Generator) -> Trace:
    """Trace from Rademacher probes (Hutchinson 1990).

    The same generator seed gives the same probes for every run of a model, so differences between
    runs are paired.

    Args:
        hessian: the operator.
        probes: at least 2.
        generator: of the probes.
    """
    samples = []
    for _ in range(probes):
        v = hessian.signs(generator)
        samples.append(float(v @ (hessian @ v)))
    return Trace(
        float(np.mean(samples)), float(np.std(samples, ddof=1) / math.sqrt(probes)), probes
    )
