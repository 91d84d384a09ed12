"""Newton's method for the smooth robust loss (L2 noise, or none): few and cheap Hessians."""

from dataclasses import replace

import numpy as np
from scipy.linalg import cho_solve
from scipy.optimize import minimize
from scipy.special import expit

from advscape.linear.robust_loss import LinearModel, RobustLoss, largest

#: samples that a Hessian is made of, per weight, where there are many more
SAMPLES_PER_WEIGHT = 3
#: of one problem; what it has reached by then is reported, converged or not
MAX_STEPS = 1000


def newton(
    problem: RobustLoss, model: LinearModel, cheap: RobustLoss, tolerance: float
) -> tuple[LinearModel, float, int]:
    """Damped Newton that keeps a Hessian for as long as its steps pay (Shamanskii 1967).

    A Hessian costs as much as several gradients; between two of them, BFGS updates correct the one
    at hand. Progress is measured by the Newton decrement, the gradient's length in the metric of
    the inverse Hessian, which goes on falling where differences of the loss drown in rounding.

    Args:
        problem: the loss.
        model: where to start, with w other than 0.
        cheap: the same problem with x dense and in float32, which Hessians are made of. That
            changes the steps by about 1e-6 of their length, and not what they converge to.
        tolerance: largest absolute entry of the gradient to end with.

    Returns:
        where it ended, the largest absolute entry of the gradient there (above ``tolerance``
        where it stalled), and the number of steps.
    """
    grad, metric, steps = problem.gradient(model), None, 0
    while largest(grad) > tolerance and steps < MAX_STEPS:
        steps += 1
        if metric is None:
            metric = _Metric(_sampled_hessian(cheap, model))
            step = -metric.apply(grad)
            slope = float(grad @ step)
        fresh = not metric.pairs
        moved = _advance(model, step, 1.0)
        new_grad = problem.gradient(moved)
        metric.add(_difference(moved, model), new_grad - grad)
        new_step = -metric.apply(new_grad)
        new_slope = float(new_grad @ new_step)
        pays = new_slope > 0.5 * slope
        if not pays:
            metric = None
            value = problem.value(model)
            if not problem.value(moved) < value + 1e-4 * slope:
                if not fresh:
                    continue  # it led nowhere: stay, and make a new one
                halved = _halve(problem, model, step, value, slope)
                if halved is None:
                    break
                moved = halved
                new_grad = problem.gradient(moved)
        model, grad, step, slope = moved, new_grad, new_step, new_slope
    return model, largest(grad), steps


def _sampled_hessian(problem: RobustLoss, model: LinearModel) -> np.ndarray:
    """The joint Hessian from the samples that make most of it (subsampled Newton).

    A sample counts by c s (1 - s). Those that count most are kept, the others stand for more of
    their kind: systematic sampling, which needs no random draw. Only the steps depend on it.
    """
    model = LinearModel(model.w.astype(problem.x.dtype), model.b)
    wanted = SAMPLES_PER_WEIGHT * len(model.w)
    s = expit(-problem.margins(model))
    weight = problem.shares * s * (1 - s)
    if len(problem.t) <= 2 * wanted or not np.any(weight):
        return problem.joint_hessian(model)
    chance = np.minimum(wanted * weight / weight.sum(), 1.0)
    picked = np.flatnonzero(np.diff(np.floor(np.cumsum(chance) + 0.5), prepend=0.0))
    part = replace(
        problem,
        x=problem.x[picked],
        t=problem.t[picked],
        weights=problem.shares[picked] / chance[picked],
    )
    return part.joint_hessian(model)


class _Metric:
    """The inverse of a Hessian, corrected by the steps taken since (L-BFGS, Nocedal 1980)."""

    def __init__(self, hessian: np.ndarray):
        self._factor = factor(hessian)
        self._dtype = hessian.dtype
        self.pairs: list[tuple[np.ndarray, np.ndarray, float]] = []

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        """Learn from a step and the change of the gradient along it."""
        curvature = float(step @ change)
        if curvature > 0:
            self.pairs.append((step, change, curvature))

    def apply(self, gradient: np.ndarray) -> np.ndarray:
        """The inverse times a gradient, by the two-loop recursion."""
        rest, weights = gradient.copy(), []
        for step, change, curvature in reversed(self.pairs):
            weight = float(step @ rest) / curvature
            rest -= weight * change
            weights.append(weight)
        rest = np.asarray(
            cho_solve(self._factor, rest.astype(self._dtype), check_finite=False), dtype=float
        )
        for (step, change, curvature), weight in zip(self.pairs, reversed(weights), strict=True):
            rest += (weight - float(change @ rest) / curvature) * step
        return rest


def _halve(
    problem: RobustLoss, model: LinearModel, step: np.ndarray, value: float, slope: float
) -> LinearModel | None:
    """The longest halved step that lowers the loss enough; None where rounding hides it."""
    size = 0.5
    while size > 1e-8:
        moved = _advance(model, step, size)
        if problem.value(moved) < value + 1e-4 * size * slope:
            return moved
        size *= 0.5
    return None


def trust_region(
    problem: RobustLoss, begin: LinearModel, cheap: RobustLoss, tolerance: float
) -> tuple[LinearModel, float, int]:
    """Newton in a trust region, then the last digits: slower than :func:`newton`, but safe beside
    the cone at w = 0, where a line search can stall, and where the loss is not convex (the
    opposed arm). Arguments and result are those of :func:`newton`.
    """
    found = minimize(
        lambda z: problem.value(_line(z)),
        np.append(begin.w, begin.b),
        jac=lambda z: problem.gradient(_line(z)),
        hess=lambda z: cheap.joint_hessian(_line(z)).astype(float),
        method="trust-exact",
        options={"gtol": tolerance, "maxiter": 500},
    )
    model = _line(found.x)
    # differences of the loss drown in rounding before the gradient does, and a trust region
    # stalls there: full steps while they lower the gradient
    grad = problem.gradient(model)
    while largest(grad) > tolerance:
        try:
            step = np.linalg.solve(cheap.joint_hessian(model).astype(float), grad)
        except np.linalg.LinAlgError:  # columns of very different sizes
            break
        closer = LinearModel(model.w - step[:-1], model.b - float(step[-1]))
        closer_grad = problem.gradient(closer)
        if not largest(closer_grad) < 0.5 * largest(grad):
            break
        model, grad = closer, closer_grad
    return model, largest(grad), int(found.nit)


def factor(matrix: np.ndarray) -> tuple[np.ndarray, bool]:
    """Cholesky factor of a positive semi-definite matrix, lifted a little where it is singular.

    It is numpy's, as the products are: where numpy and scipy bring a BLAS each, their threads keep
    each other waiting, and a factor takes ten times as long.
    """
    scale = max(float(np.trace(matrix)) / len(matrix), np.finfo(matrix.dtype).tiny)
    lift = 0.0
    while True:
        lifted = matrix + np.diag(np.full(len(matrix), lift, matrix.dtype))
        try:
            return np.asfortranarray(np.linalg.cholesky(lifted)), True
        except np.linalg.LinAlgError:
            lift = max(10 * lift, float(np.finfo(matrix.dtype).eps) * scale)


def _advance(model: LinearModel, step: np.ndarray, size: float) -> LinearModel:
    return LinearModel(model.w + size * step[:-1], model.b + size * float(step[-1]))


def _difference(one: LinearModel, other: LinearModel) -> np.ndarray:
    return np.append(one.w - other.w, one.b - other.b)


def _line(z: np.ndarray) -> LinearModel:
    return LinearModel(z[:-1], float(z[-1]))
