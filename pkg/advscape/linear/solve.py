"""The stationary point that a run reaches, with the gradient as its certificate."""

import logging
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize

from advscape.linear.robust_loss import Line, RobustLoss

_LOG = logging.getLogger("advscape.linear")


@dataclass(frozen=True)
class Solution:
    """A stationary point of a :class:`RobustLoss`.

    Attributes:
        line: the weights and the bias; w is exactly 0 where the model collapsed.
        grad_norm: largest absolute entry of the gradient over (w, b), penalty included; where
            the loss has a cone or a kink, of the shortest subgradient.
        converged: whether ``grad_norm`` is at most the tolerance.
        iterations: Newton steps.
    """

    line: Line
    grad_norm: float
    converged: bool
    iterations: int

    @property
    def collapsed(self) -> bool:
        """Whether the minimiser is the constant classifier w = 0."""
        return not np.any(self.line.w)


def solve(problem: RobustLoss, tolerance: float, start: Line | None = None) -> Solution:
    """Find the stationary point reached from the difference of the class means.

    For a radius e >= 0 the problem is convex and the point is its minimiser, the only one where
    the weight decay is positive. Collapse is decided first, by the shortest subgradient at w = 0;
    then Newton's method starts away from the cone. Inputs that are 0 in all samples have weight 0
    and are left out.

    Args:
        problem: the loss. Without weight decay it must have a minimiser, see
            :mod:`advscape.linear.regime`.
        tolerance: largest absolute entry of the gradient that counts as converged.
        start: another start, such as the solution at a radius nearby; w must not be 0.
    """
    used = np.any(problem.x != 0, axis=0)
    small = replace(problem, x=np.ascontiguousarray(problem.x[:, used]))
    constant = Line(np.zeros(small.x.shape[1]), _log_odds(problem) if problem.bias else 0.0)
    if _largest(small.gradient(constant)) <= 1e-15:
        return Solution(_spread(constant, used), 0.0, True, 0)
    begin = class_mean_line(small) if start is None else Line(start.w[used], start.b)
    method = _trust_region if problem.norm == "l2" else _orthant_newton
    line, steps = method(small, begin, tolerance)
    line = _spread(line, used)
    grad_norm = _largest(problem.gradient(line))
    if grad_norm > tolerance:
        _LOG.warning("not converged: |grad|_inf %.1e after %d steps", grad_norm, steps)
    return Solution(line, grad_norm, grad_norm <= tolerance, steps)


def _trust_region(problem: RobustLoss, begin: Line, tolerance: float) -> tuple[Line, int]:
    """Newton in a trust region (L2), also where the loss is not convex; then the last digits.

    The Hessian's large product is in float32: that changes the steps by about 1e-6 of their
    length, and not what they converge to.
    """
    cheap = problem.x.astype(np.float32)
    found = minimize(
        lambda z: problem.value(_line(z)),
        np.append(begin.w, begin.b),
        jac=lambda z: problem.gradient(_line(z)),
        hess=lambda z: problem.joint_hessian(_line(z), cheap),
        method="trust-exact",
        options={"gtol": 0.1 * tolerance, "maxiter": 500},
    )
    line = _line(found.x)
    # differences of the loss drown in rounding before the gradient does, and a trust region
    # stalls there: full steps while they lower the gradient
    grad = problem.gradient(line)
    while _largest(grad) > 0.1 * tolerance:
        step = np.linalg.solve(problem.joint_hessian(line, cheap), grad)
        closer = Line(line.w - step[:-1], line.b - float(step[-1]))
        closer_grad = problem.gradient(closer)
        if not _largest(closer_grad) < 0.5 * _largest(grad):
            break
        line, grad = closer, closer_grad
    return line, int(found.nit)


def _orthant_newton(problem: RobustLoss, begin: Line, tolerance: float) -> tuple[Line, int]:
    """Newton on the weights that are not stuck at a kink, inside one orthant a step (Linf).

    Within an orthant |w|_1 is linear and the loss smooth. The steps are those of OWL-QN (Andrew
    and Gao 2007) with the exact Hessian; a weight that would change its sign stops at 0.
    """
    line, value = begin, problem.value(begin)
    for step_number in range(1000):
        grad = problem.gradient(line)
        if _largest(grad) <= 0.1 * tolerance:
            break
        orthant = np.where(line.w != 0, np.sign(line.w), -np.sign(grad[:-1]))
        free = np.append(orthant != 0, problem.bias)
        direction = np.zeros(len(grad))
        hessian = _orthant_hessian(problem, line, orthant)[np.ix_(free, free)]
        direction[free] = -_solve_definite(hessian, grad[free])
        # leaving 0 against the descent direction would be undone by the projection
        stuck = np.append((line.w == 0) & (direction[:-1] * orthant <= 0), False)
        direction[stuck] = 0.0
        moved = _line_search(problem, line, value, grad, direction, orthant)
        if moved is None:
            return line, step_number
        line, value = moved
    return line, step_number


def _orthant_hessian(problem: RobustLoss, line: Line, orthant: np.ndarray) -> np.ndarray:
    """Joint Hessian of the smooth loss that holds in an orthant, also on its boundary."""
    # a weight of 0 that is about to leave it counts with the sign it will have
    tiny = np.where(line.w == 0, orthant * np.finfo(float).tiny, line.w)
    return problem.joint_hessian(Line(tiny, line.b))


def _line_search(
    problem: RobustLoss,
    line: Line,
    value: float,
    grad: np.ndarray,
    direction: np.ndarray,
    orthant: np.ndarray,
) -> tuple[Line, float] | None:
    """Halve the step until the loss, or near the end the gradient, goes down; None if it cannot."""
    size = 1.0
    for _ in range(50):
        w = line.w + size * direction[:-1]
        w = np.where(w * orthant > 0, w, 0.0)
        candidate = Line(w, line.b + size * float(direction[-1]))
        new = problem.value(candidate)
        change = np.append(candidate.w - line.w, candidate.b - line.b)
        if new <= value + 1e-4 * min(float(grad @ change), 0.0) and new < value:
            return candidate, new
        if abs(new - value) < 1e-13 * max(value, 1e-300) and _largest(
            problem.gradient(candidate)
        ) < 0.9 * _largest(grad):
            return candidate, new
        size *= 0.5
    return None


def _solve_definite(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve with a positive semi-definite matrix, lifted a little where it is singular."""
    lift = 0.0
    scale = float(np.trace(matrix)) / len(matrix)
    while True:
        try:
            return cho_solve(cho_factor(matrix + lift * np.eye(len(matrix))), right)
        except LinAlgError:
            lift = max(10 * lift, 1e-14 * scale, np.finfo(float).tiny)


def class_mean_line(problem: RobustLoss) -> Line:
    """W from one class mean to the other, b so that the boundary lies half-way."""
    share = problem.shares * (problem.t > 0), problem.shares * (problem.t < 0)
    high, low = (part @ problem.x / part.sum() for part in share)
    w = high - low if problem.bias else (problem.shares * problem.t) @ problem.x
    return Line(w, -0.5 * float(w @ (high + low)) if problem.bias else 0.0)


def _log_odds(problem: RobustLoss) -> float:
    """The bias of the best constant classifier."""
    positive = float(problem.shares @ (problem.t > 0))
    return float(np.log(positive / (1 - positive)))


def _largest(gradient: np.ndarray) -> float:
    return float(np.abs(gradient).max())


def _spread(line: Line, used: np.ndarray) -> Line:
    """A line over the used inputs as one over all."""
    w = np.zeros(len(used))
    w[used] = line.w
    return Line(w, line.b)


def _line(z: np.ndarray) -> Line:
    return Line(z[:-1], float(z[-1]))
