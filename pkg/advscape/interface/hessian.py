"""A Hessian of a loss: its eigenvalues, trace and density, and itself for scipy."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from advscape.curvature.ahead import change, trace_change
from advscape.curvature.density import spectral_density
from advscape.curvature.exact_trace import exact_traces
from advscape.curvature.lanczos import Extremes
from advscape.curvature.measure import Settings, extremes_of
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.response import ResponseOperator
from advscape.curvature.sampling import confirmed_error
from advscape.curvature.trace import layer_traces
from advscape.errors import shown
from advscape.interface.answering import answering
from advscape.interface.arguments import number, whole
from advscape.interface.records import Density, Eigenvalues, Trace

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

#: of eigenvalues: residual relative to the value, and products after which Lanczos gives up
_TOLERANCE, _MAX_PRODUCTS = 1e-3, 500


@dataclass(frozen=True)
class _Made:
    """An operator; with a response the same a step nearer to the maxima; and its streams."""

    operator: CurvatureOperator
    further: ResponseOperator | None
    generator: Callable[[str], torch.Generator]


class Hessian:
    """A symmetric matrix over parameters, known by its products; a mean over samples.

    :meth:`advscape.interface.loss.AdversarialLoss.hessian` makes it.

    Attributes:
        term: which one: clean, frozen, response, total or gauss-newton.
        names: the parameters that it is over; vectors are these, flattened and joined.
        shape: (dim, dim).
        n: samples that it is a mean over; of response and total those at strict maxima.
    """

    def __init__(self, term: str, names: tuple[str, ...], n: int, _made: _Made):
        """Hold the operator."""
        self.term, self.names, self.n = term, names, n
        self.shape = (_made.operator.dim,) * 2
        self._operator, self._further = _made.operator, _made.further
        self._generator = _made.generator

    def __repr__(self) -> str:
        return f"Hessian({self.term!r}, shape={self.shape}, n={self.n})"

    def __matmul__(self, vectors: Tensor) -> Tensor:
        """H V: (dim,) from (dim,), or (dim, k) from (dim, k).

        Raises:
            ValueError: no tensor, or one of another shape; or products cannot be shown to be right.
        """
        if not isinstance(vectors, Tensor):
            raise ValueError(f"vectors: got {type(vectors).__name__}; allowed: a tensor")
        if not vectors.is_floating_point():
            kind = str(vectors.dtype).removeprefix("torch.")
            raise ValueError(f"vectors: got {kind}; allowed: real floating-point numbers")
        with answering(self.term):
            return self._operator @ vectors.to(self._operator.parameters[0].device)

    def eigenvalues(
        self,
        *,
        largest: int = 1,
        smallest: int = 0,
        tolerance: float = _TOLERANCE,
        max_products: int = _MAX_PRODUCTS,
    ) -> Eigenvalues:
        """Algebraically largest and smallest eigenvalues by thick-restart Lanczos.

        Args:
            largest: how many of the largest.
            smallest: how many of the smallest.
            tolerance: wanted residual, relative to the eigenvalue, or to a tenth of the largest
                absolute one where it is smaller.
            max_products: give up after so many; ``converged`` then says so.

        Raises:
            ValueError: an argument is out of its range; or products cannot be shown to be right.
        """
        dim, wanted = self._operator.dim, self._wanted(largest, smallest)
        number("tolerance", tolerance)
        whole("max_products", max_products, wanted)
        with answering(self.term):
            found = self._extremes(tolerance, max_products, largest, smallest)
            pairs = [*found.top, *found.bottom]
            residuals = [pair.residual + self._moved(pair.vector) for pair in pairs]
            error = confirmed_error(self._operator, found, self.n)
        return Eigenvalues(
            np.array([pair.value for pair in pairs]),
            np.array(residuals),
            torch.stack([pair.vector for pair in pairs]).view(wanted, dim),
            math.nan if error is None else error.value,
            self.n,
            found.products,
            found.converged and self._solved,
        )

    def trace(
        self,
        *,
        relative_error: float | None = 0.05,
        max_probes: int = 1000,
        tolerance: float = _TOLERANCE,
    ) -> Trace:
        """Trace of the whole and of every parameter's block.

        Exact, from the gradients of single samples, where the noise is held and the network is
        linear in each of its tensors, as those of ReLU are
        (:func:`advscape.curvature.exact_trace.exact_traces`); ``probes`` is 0 then. Else
        Hutchinson's estimate; the products that find the largest eigenvalue come first then, since
        they make the others count for more (:func:`advscape.curvature.trace.layer_traces`).

        Args:
            relative_error: wanted standard error, relative to the trace; None takes
                ``max_probes``.
            max_probes: at most so many, 2 or more; ``converged`` says whether they were enough.
            tolerance: of the largest eigenvalue.

        Raises:
            ValueError: an argument is out of its range; or products cannot be shown to be right.
        """
        whole("max_probes", max_probes, 2)
        if relative_error is not None:
            number("relative_error", relative_error)
        number("tolerance", tolerance)
        with answering(self.term):
            products = 0
            if (found := exact_traces(self._operator, max_probes)) is None:
                probes = self._generator("trace probes")
                first = self._extremes(tolerance)
                found = layer_traces(
                    self._operator, max_probes, probes, relative_error, first.known
                )
                products = first.products + found.total.products
            stderr = found.total.stderr
            if self._further is not None:
                again = self._generator("trace probes")
                stderr = math.hypot(stderr, trace_change(self._operator, self._further, again))
        total = found.total
        layers = {
            name: (layer.value, layer.stderr)
            for name, layer in zip(self.names, found.layers, strict=True)
        }
        within = relative_error is None or stderr <= relative_error * abs(total.value)
        return Trace(
            total.value, stderr, layers, self.n, total.probes, products, within and self._solved,
        )  # fmt: skip

    def density(
        self, *, probes: int = 10, steps: int = 80, points: int = 500, width: float = 0.01
    ) -> Density:
        """Density of all eigenvalues by stochastic Lanczos quadrature.

        Args:
            probes: random vectors, 2 or more.
            steps: products for each, 2 or more.
            points: of the grid, 10 or more.
            width: standard deviation of each Gaussian, relative to the eigenvalues' range.

        Raises:
            ValueError: an argument is out of its range; or products cannot be shown to be right.
        """
        for name, value, least in (("probes", probes, 2), ("steps", steps, 2)):
            whole(name, value, least)
        whole("points", points, 10)
        number("width", width)
        with answering(self.term):
            found = spectral_density(
                self._operator, probes, steps, self._generator("density probes")
            )
        curve = found.whole_curve(points, width)
        return Density(
            curve.eigenvalue, curve.density, curve.stderr, curve.integral, curve.truncation, self.n,
            probes, curve.products, curve.converged and self._solved,
        )  # fmt: skip

    def to_scipy(self) -> "LinearOperator":
        """The same as a scipy LinearOperator, of the parameters' precision."""
        from scipy.sparse.linalg import LinearOperator

        first = self._operator.parameters[0]
        dtype = torch.empty(0, dtype=first.dtype).numpy().dtype

        def product(values: Any) -> np.ndarray:
            # complex ones stay so, and are refused
            kind = np.result_type(values, dtype) if np.iscomplexobj(values) else dtype
            found: np.ndarray = (self @ torch.from_numpy(np.array(values, kind))).cpu().numpy()
            return found

        return LinearOperator(
            self.shape, matvec=product, rmatvec=product, matmat=product, rmatmat=product,
            dtype=dtype,
        )  # fmt: skip

    def _wanted(self, largest: int, smallest: int) -> int:
        whole("largest", largest, 0)
        whole("smallest", smallest, 0)
        dim = self._operator.dim
        if not 1 <= largest + smallest <= dim:
            raise ValueError(
                f"largest and smallest: got {shown(largest)} and {shown(smallest)}; allowed: 1 to "
                f"{dim} together, the number of parameters"
            )
        return largest + smallest

    def _extremes(
        self,
        tolerance: float,
        max_products: int = _MAX_PRODUCTS,
        largest: int = 1,
        smallest: int = 0,
    ) -> Extremes:
        how = Settings(tolerance, max_products, 2, None, self._generator)
        return extremes_of(self._operator, how, largest, smallest)

    def _moved(self, vector: Tensor) -> float:
        """What the way that is left to the maxima can change along a vector."""
        return change(self._operator, self._further, [vector]) if self._further else 0.0

    @property
    def _solved(self) -> bool:
        """Whether all systems of a response were solved."""
        operator = self._operator
        return operator.solves.converged if isinstance(operator, ResponseOperator) else True
