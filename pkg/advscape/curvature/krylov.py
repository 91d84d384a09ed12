"""An orthonormal basis that grows by one product at a time, and the operator seen in it."""

import numpy as np
import torch
from torch import Tensor

from advscape.curvature.known_part import KnownPart
from advscape.curvature.products import Products, finite_product

#: entries of a vector that are handled at a time: what is made of them besides stays small
_CHUNK = 1 << 18
#: entries whose products are summed in the vectors' own precision; their sums are in float64
_SUMMED = 1 << 14
#: a vector that loses more than this share of its length is orthogonalised again
_LOST = 0.5


def dots(rows: Tensor, vector: Tensor) -> np.ndarray:
    """Inner products (k,) float64 of the rows (k, dim) with a vector (dim,).

    Pieces are summed in float64: over the millions of entries of a network float32 loses digits,
    and with them the orthogonality of the basis. Within a piece it loses less than the vectors'
    own rounding does, and is several times as fast as a basis that is made float64.
    """
    pieces = zip(rows.split(_SUMMED, dim=1), vector.split(_SUMMED), strict=True)
    return torch.stack([a @ b for a, b in pieces]).double().sum(0).cpu().numpy()


def combine(rows: Tensor, weights: np.ndarray) -> Tensor:
    """The combination (dim,) of the rows (k, dim) with weights (k,), in the rows' dtype."""
    return torch.from_numpy(weights).to(rows.dtype).to(rows.device) @ rows


def length(vector: Tensor) -> float:
    """Euclidean length of a vector (dim,)."""
    return float(np.sqrt(dots(vector[None], vector)[0]))


def remove(vector: Tensor, rows: Tensor, weights: np.ndarray) -> None:
    """Take the combination of the rows (k, dim) with weights (k,) from a vector (dim,), in place.

    Nothing as long as the vector is made: for a basis of a large network that takes as long again.
    """
    vector.addmv_(rows.T, torch.from_numpy(weights).to(vector), alpha=-1)


def orthogonalise(vector: Tensor, rows: Tensor) -> tuple[np.ndarray, float]:
    """Make a vector (dim,) orthogonal to orthonormal rows, in place.

    Classical Gram-Schmidt, again where much was removed: rounding of what was is then large beside
    the rest (Daniel, Gragg, Kaufman and Stewart, Math. Comp. 30, 1976). Twice is enough (Parlett,
    The Symmetric Eigenvalue Problem, section 6.9).

    Returns:
        Its components (k,) on the rows, and the length that is left.
    """
    components, left = np.zeros(len(rows)), length(vector)
    for _ in range(2):
        before = left
        more = dots(rows, vector)
        remove(vector, rows, more)
        components += more
        left = length(vector)
        if left > (1 - _LOST) * before:
            break
    return components, left


class KrylovBasis:
    r"""Orthonormal vectors v_1, ..., v_k, next vector v_{k+1}, and the projected operator.

    .. math:: H V = V P + v_{k+1} c^T, \qquad V = (v_1, ..., v_k)

    This is Lanczos with full reorthogonalisation, written as Stewart's Krylov decomposition (SIAM
    J. Matrix Anal. Appl. 23, 2001): P holds all components that the orthogonalisation removed, not
    three diagonals. The relation is then true of the products as they were computed, whatever
    their asymmetry, and it survives a thick restart.

    Args:
        operator: H.
        start: (dim,), not zero; of the operator's dtype and device.
        limit: most vectors with a product; limit + 1 are stored.

    Attributes:
        operator, limit: as given.
        eps: unit of rounding of the vectors.
        size: k, at most limit.
        invariant: whether the last product lay in the span of the basis: P is then exact there,
            and v_{k+1} is missing until ``turn`` gives one.
    """

    def __init__(self, operator: Products, start: Tensor, limit: int):
        """Store the start vector; no product yet."""
        self.operator = operator
        self.limit = limit
        self.eps = torch.finfo(start.dtype).eps
        self._vectors = start.new_empty(limit + 1, operator.dim)
        self._vectors[0] = start / length(start)
        self._projection = np.zeros((limit, limit))
        self._coupling = np.zeros(limit)
        self.size = 0
        self.invariant = False

    @property
    def projection(self) -> np.ndarray:
        """P (k, k), made symmetric."""
        p = self._projection[: self.size, : self.size]
        return (p + p.T) / 2

    def grow(self) -> None:
        """One product: v_{k+1} joins the basis.

        Raises:
            FloatingPointError: the product is not finite.
        """
        k = self.size
        product = finite_product(self.operator, self._vectors[k])
        components, beta = self._orthogonal(product)
        self._projection[k, :k] = self._coupling[:k]
        self._projection[: k + 1, k] = components
        self._coupling[:] = 0.0
        self.size = k + 1
        scale = np.abs(self._projection[: k + 1, : k + 1]).max()
        self.invariant = bool(beta <= 16 * self.eps * scale)
        if not self.invariant:
            self._coupling[k] = beta
            torch.div(product, beta, out=self._vectors[k + 1])

    def _orthogonal(self, product: Tensor) -> tuple[np.ndarray, float]:
        """Make v_{k+1}'s product orthogonal to the basis, in place: its components, and what length
        is left.

        All but rounding of the components is known: by symmetry those on v_1, ..., v_k are the
        coupling, of which but for a restart the last alone is not 0. Once these are removed, the
        basis need be gone through once.
        """
        k = self.size
        components = np.append(self._coupling[:k], dots(self._vectors[k : k + 1], product))
        first = int(np.flatnonzero(components)[0]) if components.any() else k
        remove(product, self._vectors[first : k + 1], components[first:])
        more, left = orthogonalise(product, self._vectors[: k + 1])
        return components + more, left

    def turn(self, vector: Tensor) -> None:
        """Go on from an invariant subspace in the direction of another vector (dim,)."""
        rest = vector.clone()
        _, left = orthogonalise(rest, self._vectors[: self.size])
        torch.div(rest, left, out=self._vectors[self.size])
        self.invariant = False

    def ritz(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Eigenvalues of P, ascending (k,), its eigenvectors as columns (k, k), residuals (k,).

        The residual of y = V s is |H y - theta y|, free of charge by the relation above.
        """
        values, weights = np.linalg.eigh(self.projection)
        inside = self._projection[: self.size, : self.size] @ weights - weights * values
        beyond = self._coupling[: self.size] @ weights
        return values, weights, np.sqrt((inside**2).sum(0) + beyond**2)

    def vector(self, weights: np.ndarray) -> Tensor:
        """V s (dim,) of weights s (k,), normalised."""
        combined = combine(self._vectors[: self.size], weights)
        return combined / length(combined)

    def known(self) -> KnownPart:
        """What the products have shown of the operator; it holds the basis's memory."""
        k = self.size
        matrix = np.zeros((k + 1, k + 1))
        matrix[:k, :k] = self.projection
        matrix[k, :k] = matrix[:k, k] = self._coupling[:k]
        count = k if self.invariant else k + 1  # the next vector is missing there
        return KnownPart(self._vectors[:count], matrix[:count, :count])

    def shrink(self, weights: np.ndarray) -> None:
        """Thick restart: keep only the span of V s for the columns s of weights (k, l).

        Wu and Simon, SIAM J. Matrix Anal. Appl. 22, 2000. The columns are eigenvectors of P, so
        the relation holds on; v_{k+1} stays.
        """
        k, kept = weights.shape
        rotation = torch.from_numpy(weights.T.copy()).to(self._vectors.dtype)
        rotation = rotation.to(self._vectors.device)
        for piece in self._vectors.split(_CHUNK, dim=1):  # in pieces: no second basis in memory
            piece[:kept] = rotation @ piece[:k]
        self._vectors[kept] = self._vectors[k]
        self._projection[:kept, :kept] = weights.T @ self._projection[:k, :k] @ weights
        coupling = self._coupling[:k] @ weights
        self._coupling[:] = 0.0
        self._coupling[:kept] = coupling
        self.size = kept
