"""The stationary point that a run reaches, with the gradient as its certificate."""

import logging
import os
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from advscape.linear.newton import newton, trust_region
from advscape.linear.orthant import orthant_newton
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.span import spanning

#: share of inputs other than 0 up to which sparse products are the faster ones
SPARSE_BELOW = 0.3
_LOG = logging.getLogger("advscape.linear")


@dataclass(frozen=True)
class Solution:
    """A stationary point of a :class:`RobustLoss`.

    Attributes:
        model: the weights and the bias; w is exactly 0 where the model collapsed.
        grad_norm: largest absolute entry of the gradient over (w, b), penalty included; where
            the loss has a cone or a kink, of the shortest subgradient.
        converged: whether ``grad_norm`` is at most the tolerance.
        iterations: Newton steps.
    """

    model: LinearModel
    grad_norm: float
    converged: bool
    iterations: int

    @property
    def collapsed(self) -> bool:
        """Whether the minimiser is the constant classifier w = 0."""
        return not np.any(self.model.w)


def solve(problem: RobustLoss, tolerance: float, start: LinearModel | None = None) -> Solution:
    """Find the stationary point reached from the difference of the class means.

    For a radius e >= 0 the problem is convex and the point is its minimiser, the only one where
    the weight decay is positive.

    Args:
        problem: the loss. Without weight decay it must have a minimiser, see
            :mod:`advscape.linear.regime`.
        tolerance: largest absolute entry of the gradient that counts as converged.
        start: another start, such as the solution at a radius nearby; w must not be 0.
    """
    return Solver(problem).solve(problem.radius, tolerance, start)


class Solver:
    """Solves problems that differ in their radius only, such as a path of epsilons.

    Inputs that are 0 in all samples have weight 0 and are left out; where many others are 0 too,
    the products that losses and gradients are made of skip them (L2). With fewer samples than
    inputs it works in the span of the samples (L2), see :mod:`advscape.linear.span`.
    """

    def __init__(self, problem: RobustLoss):
        """Prepare the samples of ``problem``; its radius does not matter."""
        filled = problem.x != 0
        self._used = filled.any(axis=0)
        x = np.take(problem.x, np.flatnonzero(self._used), axis=1)
        self._basis = None
        if problem.norm == "l2" and len(x) < x.shape[1]:
            self._basis = spanning(x)
            x = x @ self._basis
        elif problem.norm == "linf":
            _check_memory(x.shape[1])
        self._cheap = replace(problem, x=x.astype(np.float32))
        dense = self._basis is not None
        if problem.norm == "l2" and not dense and np.count_nonzero(filled) < SPARSE_BELOW * x.size:
            x = csr_array(x)
        self._small = replace(problem, x=x)
        self._constant = LinearModel(
            np.zeros(x.shape[1]), _log_odds(problem) if problem.bias else 0.0
        )
        self._pull = replace(self._small, radius=1.0).smooth_gradient(self._constant)

    def solve(self, radius: float, tolerance: float, start: LinearModel | None = None) -> Solution:
        """Solve at one signed radius; see :func:`solve`.

        Collapse is decided first, by the shortest subgradient at w = 0; then Newton's method
        starts away from the cone.
        """
        small, cheap = replace(self._small, radius=radius), replace(self._cheap, radius=radius)
        if self._collapses(radius):
            return Solution(self._spread(self._constant), 0.0, True, 0)
        begin = class_mean_line(small) if start is None else self._gathered(start)
        # below what is asked for, so that another order of the sums cannot lift it above, nor
        # other coordinates
        aim = 0.5 * tolerance / (1 if self._basis is None else self._basis.shape[1] ** 0.5)
        if small.norm == "linf":
            model, grad_norm, steps = orthant_newton(small, begin, aim)
        else:
            model, grad_norm, steps = begin, np.inf, 0
            if radius >= 0:
                model, grad_norm, steps = newton(small, begin, cheap, aim)
            if grad_norm > tolerance:
                model, grad_norm, more = trust_region(small, begin, cheap, aim)
                steps += more
        if grad_norm > tolerance:
            _LOG.warning("not converged: |grad|_inf %.1e after %d steps", grad_norm, steps)
        return Solution(self._spread(model), grad_norm, grad_norm <= tolerance, steps)

    def _collapses(self, radius: float) -> bool:
        """Whether the best constant classifier is the minimiser: the cone outweighs the slope."""
        slope, strength = self._pull
        order = 2 if self._small.norm == "l2" else np.inf
        return float(np.linalg.norm(slope[:-1], order)) <= radius * strength + 1e-15

    def _spread(self, model: LinearModel) -> LinearModel:
        """A model over the used inputs, or their span, as one over all."""
        w = np.zeros(len(self._used))
        w[self._used] = model.w if self._basis is None else self._basis @ model.w
        return LinearModel(w, model.b)

    def _gathered(self, model: LinearModel) -> LinearModel:
        """The reverse of :meth:`_spread`."""
        w = model.w[self._used]
        return LinearModel(w if self._basis is None else w @ self._basis, model.b)


def _check_memory(features: int) -> None:
    """Refuse more features than a Newton step's matrices have room for.

    Raises:
        MemoryError: with Linf there is no form without a matrix of features by features.
    """
    needed, there = 24 * features**2, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise MemoryError(
            f"with norm linf {features} features take {needed / 2**30:.0f} GiB; there are "
            f"{there / 2**30:.0f}: use fewer pixels, or norm l2, which takes no such matrix"
        )


def class_mean_line(problem: RobustLoss) -> LinearModel:
    """W from one class mean to the other, b so that the boundary lies half-way."""
    share = problem.shares * (problem.t > 0), problem.shares * (problem.t < 0)
    high, low = (part @ problem.x / part.sum() for part in share)
    w = high - low if problem.bias else (problem.shares * problem.t) @ problem.x
    return LinearModel(w, -0.5 * float(w @ (high + low)) if problem.bias else 0.0)


def _log_odds(problem: RobustLoss) -> float:
    """The bias of the best constant classifier."""
    positive = float(problem.shares @ (problem.t > 0))
    return float(np.log(positive / (1 - positive)))
