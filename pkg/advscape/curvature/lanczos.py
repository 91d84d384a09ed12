"""Extreme eigenvalues with error bars, by Lanczos."""

import logging
import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from advscape.curvature.known_part import KnownPart
from advscape.curvature.krylov import KrylovBasis, dots, length
from advscape.curvature.products import Products, finite_product

_LOG = logging.getLogger("advscape.curvature")
#: memory of the basis: 23 vectors of a ResNet-18's 11.2 million parameters in float32
_BASIS_BYTES = 1 << 30
#: residuals below so many units of rounding of |H| are measured, or not claimed
_CERTIFIED = 1000
#: units of rounding of |H| by which a Rayleigh quotient may be off
_ROUNDING = 4
#: times this, the estimated error was above the error in 4,800 of 4,800 trials on four spectra
_CAUTION = 1.25
#: eigenvalues below this share of |H| are wanted as accurately as one of this size
_SMALL = 0.1

Stop = Literal["residual", "error"]


@dataclass(frozen=True)
class Eigenpair:
    """An extreme eigenvalue.

    Attributes:
        value: Rayleigh quotient v . H v of the unit ``vector``.
        vector: (dim,).
        residual: bound of |H v - value v|: an eigenvalue lies within this distance of ``value``.
        error: estimate of the distance itself.
        products: Hessian-vector products of the whole call.
        converged: whether ``residual``, or ``error`` where that was asked for, is within the
            tolerance.
    """

    value: float
    vector: Tensor
    residual: float
    error: float
    products: int
    converged: bool


@dataclass(frozen=True)
class Extremes:
    """Eigenvalues at both ends of the spectrum.

    Attributes:
        top: the largest ones, descending.
        bottom: the smallest ones, ascending.
        products: Hessian-vector products used.
        converged: whether all pairs are.
        known: what the products have shown of the operator; None once it was let go, since it
            holds all vectors of the basis.
    """

    top: tuple[Eigenpair, ...]
    bottom: tuple[Eigenpair, ...]
    products: int
    converged: bool
    known: KnownPart | None = field(default=None, repr=False)


def largest_eigenvalue(
    operator: Products,
    tolerance: float,
    max_products: int,
    generator: torch.Generator,
    *,
    stop: Stop = "residual",
) -> Eigenpair:
    """The algebraically largest eigenvalue; the arguments are ``extreme_eigenvalues``'."""
    return extreme_eigenvalues(operator, tolerance, max_products, generator, stop=stop).top[0]


def extreme_eigenvalues(
    operator: Products,
    tolerance: float,
    max_products: int,
    generator: torch.Generator,
    *,
    top: int = 1,
    bottom: int = 0,
    stop: Stop = "residual",
    basis: int | None = None,
) -> Extremes:
    r"""Algebraically largest and smallest eigenvalues by thick-restart Lanczos.

    Lanczos with full reorthogonalisation (Golub and Van Loan, Matrix Computations, 4th ed.,
    section 10.1), thick restart of Wu and Simon (SIAM J. Matrix Anal. Appl. 22, 2000).

    Residuals are those of the products already made (``KrylovBasis.ritz``) and cost none of their
    own, but do not tell how the product of the eigenvector itself would be rounded. So none below
    1000 units of rounding of |H| is claimed (1.2e-4 |H| in float32, 2.2e-13 |H| in float64); where
    a smaller one is asked for, it is measured, by one product for each pair.

    The error of a Rayleigh quotient with residual r is at most

    .. math:: \min(r, r^2 / \mathrm{gap})

    with the gap to the other eigenvalues (Parlett, The Symmetric Eigenvalue Problem, section
    11.7). These are not known: the gap is to the other Ritz values, less their residuals, and what
    the value is still going to move by is added, extrapolated from its last two moves (Aitken). So
    the error is an estimate, while the residual is a bound. Where eigenvalues lie closer to each
    other than a few percent they look like one, and the error is then up to the residual. The same
    holds for "largest": a value just below the largest can meet a loose tolerance.

    The start is the operator's: a network's adds its gradient, which lies near the eigenvectors
    of the largest eigenvalues, to a random vector, and saves two products of five to six. One
    start vector sees one copy of a multiple eigenvalue; others are found only where the basis
    runs into an invariant subspace before the pairs have converged.

    Args:
        operator: H.
        tolerance: wanted residual or error, relative to the eigenvalue, or to a tenth of |H|
            where it is smaller; |H| is the largest absolute eigenvalue seen.
        max_products: give up after so many; ``converged`` then says so, and a warning.
        generator: of the start vector's random part.
        top: how many of the largest; all where dim is less.
        bottom: how many of the smallest; all where dim is less.
        stop: whether the residuals or the errors are to be within the tolerance.
        basis: most vectors held in memory, restarting where they are not enough, which costs
            products but no accuracy; unless given, what fits into 1 GiB.

    Raises:
        ValueError: an argument is out of its range.
        FloatingPointError: a product is not finite.
    """
    wanted = min(top + bottom, operator.dim)
    if top < 0 or bottom < 0 or wanted == 0:
        raise ValueError(f"top, bottom: got {top}, {bottom}; allowed: at least one in all")
    if not tolerance > 0:
        raise ValueError(f"tolerance: got {tolerance}; allowed: above 0")
    if basis is not None and basis < wanted + 2:
        raise ValueError(f"basis: got {basis}; allowed: {wanted + 2} or more")
    if max_products < wanted:
        raise ValueError(f"max_products: got {max_products}; allowed: {wanted} or more")
    last = operator.products + max_products
    first = operator.start_vector(generator)
    if basis is None:
        basis = max(2 * wanted + 8, _BASIS_BYTES // (operator.dim * first.element_size()))
    krylov = KrylovBasis(operator, first, min(basis, max_products, operator.dim))
    goal = _Goal(top, bottom, tolerance, stop)
    # products for measuring are set aside where a small eigenvalue may need them
    spare = wanted if stop == "residual" and tolerance < krylov.eps * _CERTIFIED / _SMALL else 0
    ritz = _search(krylov, goal, max(max_products - spare, wanted), generator)
    pairs = [_pair(krylov, ritz, i, goal, last) for i in goal.ends(krylov.size)]
    used = operator.products - last + max_products
    pairs = [replace(pair, products=used) for pair in pairs]
    converged = all(pair.converged for pair in pairs)
    if not converged:
        worst = max(getattr(pair, stop) for pair in pairs if not pair.converged)
        _LOG.warning(
            "eigenvalues: %s %.1e after %d products, not within %.1g of the value",
            stop, worst, used, tolerance,
        )  # fmt: skip
    count = min(top, operator.dim)
    top_pairs, bottom_pairs = tuple(pairs[:count]), tuple(pairs[count:])
    return Extremes(top_pairs, bottom_pairs, used, converged, krylov.known())


@dataclass(frozen=True)
class _Goal:
    """What was asked for."""

    top: int
    bottom: int
    tolerance: float
    stop: Stop

    def ends(self, size: int) -> list[int]:
        """Indices among ``size`` ascending values: the largest, then the smallest."""
        largest = range(size - 1, max(size - 1 - self.top, -1), -1)
        return [*largest, *range(min(self.bottom, size))]

    def kept(self, size: int) -> list[int]:
        """Indices that survive a restart: beside the ends, half of the others."""
        wanted = self.top + self.bottom
        spare = (size - wanted) // 2
        more = spare * self.top // wanted
        return replace(self, top=self.top + more, bottom=self.bottom + spare - more).ends(size)


@dataclass(frozen=True)
class _Ritz:
    """Ritz values, ascending (k,), their weights in the basis (k, k) and residuals (k,)."""

    values: np.ndarray
    weights: np.ndarray
    residuals: np.ndarray
    eps: float
    earlier: tuple[np.ndarray, ...]  # the values after earlier products, the latest first

    @property
    def norm(self) -> float:
        """Largest absolute eigenvalue seen."""
        return float(np.abs(self.values).max())

    def scale(self, i: int) -> float:
        """What the doubt of value i is relative to."""
        return max(float(np.abs(self.values[i])), _SMALL * self.norm)

    def error(self, i: int, residual: float) -> float:
        """Estimated distance of value i from an eigenvalue."""
        others = np.arange(len(self.values)) != i
        apart = np.abs(self.values - self.values[i]) - self.residuals
        # no more than the value: networks have eigenvalues next to 0, and early on few are seen
        gap = min(apart[others].min(), self.scale(i)) if others.any() else 0.0
        bound = residual**2 / gap if gap > 0 else residual
        estimate = _CAUTION * (bound + self._ahead(i))
        return float(min(estimate, residual) + _ROUNDING * self.eps * self.norm)

    def _ahead(self, i: int) -> float:
        """What value i will still move by if it goes on as it did, at most as its last move."""
        path = [self.values[i]]
        for values in self.earlier:
            path.append(values[np.abs(values - path[-1]).argmin()])
        moves = np.abs(np.diff(path))
        if len(moves) < 2:
            return float(moves[0]) if len(moves) else math.inf
        last, before = moves
        return float(last * min(1.0, last / (before - last))) if last < before else float(last)

    def doubt(self, i: int, stop: Stop) -> float:
        """What is to be within the tolerance, by the recurrence."""
        residual = float(self.residuals[i])
        return residual if stop == "residual" else self.error(i, residual)


def _search(krylov: KrylovBasis, goal: _Goal, budget: int, generator: torch.Generator) -> _Ritz:
    """Grow the basis until the goal is met or ``budget`` products are spent."""
    operator, last = krylov.operator, krylov.operator.products + budget
    wanted = min(goal.top + goal.bottom, operator.dim)
    earlier: tuple[np.ndarray, ...] = ()
    while True:
        krylov.grow()
        ritz = _Ritz(*krylov.ritz(), krylov.eps, earlier)
        earlier = (ritz.values, *earlier[:1])
        ends = goal.ends(krylov.size)
        met = all(ritz.doubt(i, goal.stop) <= goal.tolerance * ritz.scale(i) for i in ends)
        met = met and krylov.size >= wanted
        if met or krylov.size == operator.dim or operator.products == last:
            return ritz
        if krylov.invariant:
            krylov.turn(operator.random_vector(generator))
        if krylov.size == krylov.limit:
            krylov.shrink(ritz.weights[:, goal.kept(krylov.size)])


def _pair(krylov: KrylovBasis, ritz: _Ritz, i: int, goal: _Goal, last: int) -> Eigenpair:
    """Eigenpair i; what the whole call has used is not known yet."""
    operator, wanted = krylov.operator, goal.tolerance * ritz.scale(i)
    value, residual = float(ritz.values[i]), float(ritz.residuals[i])
    vector, error = krylov.vector(ritz.weights[:, i]), ritz.error(i, residual)
    residual = max(residual, _CERTIFIED * ritz.eps * ritz.norm)
    too_small = goal.stop == "residual" and wanted < _CERTIFIED * ritz.eps * ritz.norm
    if too_small and operator.products < last:
        product = finite_product(operator, vector)
        value = float(dots(vector[None], product)[0])
        residual = length(product - value * vector)
        error = ritz.error(i, residual)
    doubt = residual if goal.stop == "residual" else error
    return Eigenpair(value, vector, residual, error, products=0, converged=doubt <= wanted)
