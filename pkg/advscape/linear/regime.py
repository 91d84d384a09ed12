"""Which of the three regimes of epsilon a data set is in (L2 noise, free bias).

separable: epsilon <= gamma, the hard margin; without weight decay there is no minimiser.
finite:    gamma < epsilon < eps0; a finite minimiser.
collapsed: epsilon >= eps0, half the distance of the class means; the minimiser is w = 0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.svm import SVC

Regime = Literal["separable", "finite", "collapsed", "n/a"]


@dataclass(frozen=True)
class HardMargin:
    """Half the distance of the classes' convex hulls, between two certified bounds.

    Attributes:
        lower: margin of a separating hyperplane that was found; 0 where none was.
        upper: half the distance of two points that were found, one in each hull.
    """

    lower: float
    upper: float

    @property
    def value(self) -> float:
        """The margin: the middle of the bounds, 0 where the classes are not separated."""
        return 0.5 * (self.lower + self.upper) if self.lower > 0 else 0.0


def hard_margin(x: np.ndarray, t: np.ndarray, penalty: float = 1e8) -> HardMargin:
    """Hard margin by a support vector machine whose slack costs ``penalty``.

    The primal solution gives the lower bound and the dual one the upper bound, so their gap says
    how exact the answer is, whatever the solver did.

    Args:
        x: (n, d).
        t: (n,) of -1 and +1, both present.
        penalty: C of scikit-learn's SVC.
    """
    machine = SVC(kernel="linear", C=penalty, tol=1e-8).fit(x, t)
    w = machine.coef_[0]
    scores = x @ w / np.linalg.norm(w)
    lower = 0.5 * float(scores[t > 0].min() - scores[t < 0].max())
    alpha = machine.dual_coef_[0]  # alpha_i t_i of the support vectors
    points = [
        (alpha[alpha * sign > 0] / alpha[alpha * sign > 0].sum())
        @ x[machine.support_[alpha * sign > 0]]
        for sign in (+1, -1)
    ]
    upper = 0.5 * float(np.linalg.norm(points[0] - points[1]))
    return HardMargin(max(lower, 0.0), upper)


def collapse_radius(x: np.ndarray, t: np.ndarray) -> float:
    """eps0: half the distance of the class means, whatever the class balance."""
    return 0.5 * float(np.linalg.norm(x[t > 0].mean(axis=0) - x[t < 0].mean(axis=0)))


def regime(epsilon: float, margin: HardMargin, eps0: float) -> Regime:
    """The regime of one epsilon under aligned noise."""
    if epsilon >= eps0:
        return "collapsed"
    return "separable" if epsilon <= margin.value else "finite"
