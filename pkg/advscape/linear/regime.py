"""Which of the three regimes of epsilon a data set is in, under aligned noise.

separable: epsilon <= gamma, the hard margin; without weight decay there is no minimiser.
finite:    gamma < epsilon < eps0; a finite minimiser.
collapsed: epsilon >= eps0, half the distance of the class means; the minimiser is w = 0.

Distances are in the norm of the noise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linprog, nnls
from scipy.sparse import csr_array, vstack

from advscape.linear.robust_loss import Norm, RobustLoss

#: samples of each class with which cutting planes begin, and by how much others may miss the
#: margin, in the length of the longest sample
_FIRST, _LACKS = 100, 1e-9
Regime = Literal["separable", "finite", "collapsed", "n/a"]


@dataclass(frozen=True)
class HardMargin:
    """Half the distance of the classes' convex hulls, between two certified bounds.

    Without a bias: the distance of 0 from the hull of t x.

    Attributes:
        lower: margin of a separating hyperplane that was found; 0 where the hulls meet.
        upper: half the distance of two points that were found, one in each hull.
    """

    lower: float
    upper: float

    @property
    def value(self) -> float:
        """The margin: the middle of the bounds, 0 where the classes are not separated."""
        return 0.5 * (self.lower + self.upper) if self.lower > 0 else 0.0


def hard_margin(x: np.ndarray, t: np.ndarray, norm: Norm = "l2", bias: bool = True) -> HardMargin:
    """Largest epsilon at which every sample can still be on its side of a hyperplane.

    Args:
        x: (n, d).
        t: (n,) of -1 and +1, both present.
        norm: of the noise.
        bias: whether the hyperplane may lie off the origin.
    """
    origin = x.mean(axis=0) if bias else np.zeros(x.shape[1])
    centred = x - origin
    unit = float(np.linalg.norm(centred, axis=1).max()) or 1.0
    y = centred / unit
    solver = _least_squares if norm == "l2" else _linear_program
    w, alpha = solver(y, t, bias)
    return HardMargin(
        unit * max(_separation(y, t, w, norm, bias), 0.0), unit * _distance(y, t, alpha, norm, bias)
    )


def collapse_radius(problem: RobustLoss) -> float:
    """eps0 of a problem's samples: half the distance of the class means, whatever the balance.

    Without a bias: the length of the mean of t x.
    """
    order = 2 if problem.norm == "l2" else np.inf
    if not problem.bias:
        return float(np.linalg.norm((problem.shares * problem.t) @ problem.x, order))
    shares = (problem.shares * (problem.t == sign) for sign in (+1, -1))
    high, low = (share @ problem.x / share.sum() for share in shares)
    return 0.5 * float(np.linalg.norm(high - low, order))


def regime(epsilon: float, margin: HardMargin, eps0: float) -> Regime:
    """The regime of one epsilon under aligned noise."""
    if epsilon >= eps0:
        return "collapsed"
    return "separable" if margin.value > 0 and epsilon <= margin.value else "finite"


def _least_squares(y: np.ndarray, t: np.ndarray, bias: bool) -> tuple[np.ndarray, np.ndarray]:
    r"""L2: non-negative least squares, which ends also where the hulls meet.

    .. math::
        \min_{\alpha \ge 0} \Big|\sum_i \alpha_i t_i y_i\Big|^2
        + K^2 \Big(\sum_i \alpha_i t_i\Big)^2 + \Big(\sum_i \alpha_i - 1\Big)^2

    Its conditions of optimality are those of the support vector machine with normal
    w = sum alpha t y, up to a bias penalised by 1/K^2; with no bias K = 0.
    """
    balance = 1e3 * t if bias else 0.0 * t  # K, beside rows of length at most 1
    rows = np.vstack([(t[:, None] * y).T, balance, np.ones(len(t))])
    alpha, _ = nnls(rows, np.append(np.zeros(len(rows) - 1), 1.0), maxiter=30 * len(t))
    return (alpha * t) @ y, alpha


def _linear_program(y: np.ndarray, t: np.ndarray, bias: bool) -> tuple[np.ndarray, np.ndarray]:
    """Linf: the largest margin r with t (w.y + b) >= r and |w|_1 <= 1.

    By cutting planes: of a few samples first, then with those that this leaves nearer than r. Few
    samples bear a margin, and all at once take minutes and gigabytes.
    """
    few = _nearest(t * (y @ (t @ y)), t, _FIRST)
    while True:
        w, b, r, alpha = _margin_of(y[few], t[few], bias)
        lacks = r - t * (y @ w + b)
        lacks[few] = 0.0
        if lacks.max() <= _LACKS:
            whole = np.zeros(len(t))
            whole[few] = alpha
            return w, whole
        few = np.union1d(few, _nearest(np.where(lacks > _LACKS, -lacks, np.inf), t, len(few)))


def _nearest(scores: np.ndarray, t: np.ndarray, most: int) -> np.ndarray:
    """Rows of the lowest finite scores, at most so many of each class."""
    found = [
        rows[np.argsort(scores[rows])[:most]] for rows in (np.flatnonzero(t == s) for s in (-1, 1))
    ]
    rows = np.concatenate(found)
    near: np.ndarray = rows[np.isfinite(scores[rows])]
    return near


def _margin_of(
    y: np.ndarray, t: np.ndarray, bias: bool
) -> tuple[np.ndarray, float, float, np.ndarray]:
    """Normal, offset and margin of a linear program over all samples given, w split by sign."""
    n, d = y.shape
    signed = t[:, None] * y
    above = np.column_stack([-signed, signed, -t * bias, np.ones(n)])
    length = np.append(np.ones(2 * d), [0.0, 0.0])
    found = linprog(
        np.append(np.zeros(2 * d + 1), -1.0),
        vstack([csr_array(above), csr_array(length[None])]),
        np.append(np.zeros(n), 1.0),
        bounds=[(0, None)] * (2 * d) + [(None, None), (0, None)],
        method="highs-ipm",  # simplex takes thirty times as long, in ties
    )
    w = found.x[:d] - found.x[d : 2 * d]
    return w, bias * float(found.x[-2]), float(found.x[-1]), -found.ineqlin.marginals[:n]


def _separation(y: np.ndarray, t: np.ndarray, w: np.ndarray, norm: Norm, bias: bool) -> float:
    """Margin of the hyperplane with normal w, placed best."""
    length = float(np.linalg.norm(w, 2 if norm == "l2" else 1))
    if length < 1e-10:
        return 0.0
    scores = y @ w / length
    if not bias:
        return float((t * scores).min())
    return 0.5 * float(scores[t > 0].min() - scores[t < 0].max())


def _distance(y: np.ndarray, t: np.ndarray, alpha: np.ndarray, norm: Norm, bias: bool) -> float:
    """Half the distance of the two hulls' points that alpha weighs together."""
    order = 2 if norm == "l2" else np.inf
    if not bias:
        return float(np.linalg.norm((alpha * t) @ y / alpha.sum(), order))
    plus, minus = alpha * (t > 0), alpha * (t < 0)
    if min(plus.sum(), minus.sum()) <= 0:
        return np.inf
    return 0.5 * float(np.linalg.norm(plus @ y / plus.sum() - minus @ y / minus.sum(), order))
