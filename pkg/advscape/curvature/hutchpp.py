"""Hutch++: a trace estimate for operators that few eigenvalues dominate."""

from dataclasses import replace

import torch
from torch import Tensor

from advscape.curvature.krylov import combine, dots, length, orthogonalise
from advscape.curvature.products import Products, finite_product
from advscape.curvature.trace import Trace, hutchinson_trace

#: units of rounding below which a vector is taken to lie in a span
_INSIDE = 16


def hutchpp_trace(
    operator: Products,
    sketch: int,
    probes: int,
    generator: torch.Generator,
    accuracy: float | None = None,
) -> Trace:
    r"""Trace by Hutch++ (Meyer, Musco, Musco and Woodruff, SOSA 2021, algorithm 1).

    .. math:: \mathrm{tr} H = \mathrm{tr}(Q^T H Q) + \mathrm{tr}((I - Q Q^T) H (I - Q Q^T))

    Q spans H's products with ``sketch`` Gaussian vectors; its part is exact, Hutchinson's probes
    estimate the rest. They are independent of Q, so the standard error is as true as Hutchinson's.
    (XTrace, which takes the same vectors for both, needs fewer products, but its error estimate
    was too small: 95 % intervals on a power-law spectrum held the trace in 87 % of 300 trials.)

    It pays where few eigenvalues hold most of the matrix' Frobenius norm, as with few classes or
    the Gauss-Newton matrix; on networks with a heavy bulk ``hutchinson_trace`` does as well.

    Args:
        operator: H.
        sketch: vectors of Q, which are held in memory, at 2 products each.
        probes: of the rest, or at most so many where an accuracy is given; at least 2.
        generator: of all random vectors.
        accuracy: wanted standard error, relative to the whole estimate.

    Raises:
        ValueError: fewer than 2 probes, or no sketch.
        FloatingPointError: a product is not finite.
    """
    if sketch < 1:
        raise ValueError(f"sketch: got {sketch}; allowed: 1 or more")
    before = operator.products
    span = _range(operator, min(sketch, operator.dim), generator)
    inside = sum(float(dots(q[None], finite_product(operator, q))[0]) for q in span)
    rest = hutchinson_trace(_Deflated(operator, span), probes, generator, accuracy, inside)
    return replace(rest, products=operator.products - before)


def _range(operator: Products, count: int, generator: torch.Generator) -> Tensor:
    """Orthonormal rows (at most count, dim) that span products with random vectors.

    Gaussian ones: signs are often linearly dependent in few dimensions, and the span would then
    look like the operator's whole range.
    """
    span = torch.empty(0)
    for size in range(count):
        product = finite_product(operator, operator.random_vector(generator))
        if size == 0:
            span = product.new_empty(count, operator.dim)
        rest, _ = orthogonalise(product, span[:size])
        beta = length(rest)
        if beta <= _INSIDE * torch.finfo(rest.dtype).eps * length(product):
            return span[:size]  # it holds the operator's whole range
        span[size] = rest / beta
    return span


class _Deflated:
    """(I - Q Q^T) H (I - Q Q^T), Q^T the rows of ``span``."""

    def __init__(self, operator: Products, span: Tensor):
        self._operator = operator
        self._span = span
        self.dim = operator.dim
        self.signs = operator.signs
        self.random_vector = operator.random_vector
        self.start_vector = operator.start_vector

    @property
    def products(self) -> int:
        return self._operator.products

    def __matmul__(self, vector: Tensor) -> Tensor:
        return self._beyond(self._operator @ self._beyond(vector))

    def _beyond(self, vector: Tensor) -> Tensor:
        return vector - combine(self._span, dots(self._span, vector))
