"""Which of the three regimes of epsilon a data set is in (L2 noise, free bias).

separable: epsilon <= gamma, the hard margin; without weight decay there is no minimiser.
finite:    gamma < epsilon < eps0; a finite minimiser.
collapsed: epsilon >= eps0, half the distance of the class means; the minimiser is w = 0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import nnls

Regime = Literal["separable", "finite", "collapsed", "n/a"]


@dataclass(frozen=True)
class HardMargin:
    """Half the distance of the classes' convex hulls, between two certified bounds.

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


def hard_margin(x: np.ndarray, t: np.ndarray) -> HardMargin:
    r"""Hard margin as a non-negative least squares problem, which ends also where hulls meet.

    .. math::
        \min_{\alpha \ge 0} \Big|\sum_i \alpha_i t_i x_i\Big|^2
        + K^2 \Big(\sum_i \alpha_i t_i\Big)^2 + \Big(\sum_i \alpha_i - 1\Big)^2

    Its conditions of optimality are those of the support vector machine with normal
    v = sum alpha t x, up to a bias penalised by 1/K^2. Whatever the solver did, v gives the lower
    bound and the two convex combinations the upper one, so their gap says how exact the answer is.

    Args:
        x: (n, d).
        t: (n,) of -1 and +1, both present.
    """
    centred = x - x.mean(axis=0)
    unit = float(np.linalg.norm(centred, axis=1).max())
    y = centred / unit
    balance = 1e3  # K, beside rows of length at most 1
    rows = np.vstack([(t[:, None] * y).T, balance * t, np.ones(len(t))])
    alpha, _ = nnls(rows, np.append(np.zeros(len(rows) - 1), 1.0), maxiter=30 * len(t))
    v = (alpha * t) @ y
    length = float(np.linalg.norm(v))
    if length < 1e-10 * alpha.sum():
        return HardMargin(0.0, 0.0)
    scores = y @ v / length
    lower = 0.5 * float(scores[t > 0].min() - scores[t < 0].max())
    points = [(alpha[t == sign] / alpha[t == sign].sum()) @ y[t == sign] for sign in (+1, -1)]
    upper = 0.5 * float(np.linalg.norm(points[0] - points[1]))
    return HardMargin(max(lower, 0.0) * unit, upper * unit)


def collapse_radius(x: np.ndarray, t: np.ndarray) -> float:
    """eps0: half the distance of the class means, whatever the class balance."""
    return 0.5 * float(np.linalg.norm(x[t > 0].mean(axis=0) - x[t < 0].mean(axis=0)))


def regime(epsilon: float, margin: HardMargin, eps0: float) -> Regime:
    """The regime of one epsilon under aligned noise."""
    if epsilon >= eps0:
        return "collapsed"
    return "separable" if margin.value > 0 and epsilon <= margin.value else "finite"
