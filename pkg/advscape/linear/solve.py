"""The stationary point that a run reaches, with the gradient norm as its certificate."""

import logging
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from advscape.linear.robust_loss import Line, RobustLoss

_LOG = logging.getLogger("advscape.linear")


@dataclass(frozen=True)
class Solution:
    """A stationary point of a :class:`RobustLoss`.

    Attributes:
        line: the weights and the bias; w is exactly 0 where the model collapsed.
        grad_norm: largest absolute entry of the gradient over (w, b), penalty included. At w = 0:
            how far 0 is from the subgradient there, so 0 at a collapsed minimiser.
        converged: whether ``grad_norm`` is at most the tolerance.
        iterations: trust-region steps.
    """

    line: Line
    grad_norm: float
    converged: bool
    iterations: int

    @property
    def collapsed(self) -> bool:
        """Whether the minimiser is the constant classifier w = 0."""
        return not np.any(self.line.w)


def solve(problem: RobustLoss, tolerance: float) -> Solution:
    """Find the stationary point reached from the difference of the class means.

    For a radius e >= 0 the problem is convex and the point is its minimiser, the only one since
    the weight decay is positive. Collapse is decided first, by the subgradient at w = 0; then a
    trust-region Newton method with the exact Hessian starts away from the cone.

    Args:
        problem: the loss, with a positive weight decay.
        tolerance: largest absolute entry of the gradient that counts as converged.
    """
    start = _class_mean_line(problem)
    constant = Line(np.zeros_like(start.w), _log_odds(problem.t))
    distance = _subgradient_distance(problem, constant.b)
    if distance == 0:
        return Solution(constant, 0.0, True, 0)
    found = minimize(
        lambda z: problem.value(_line(z)),
        np.append(start.w, start.b),
        jac=lambda z: problem.gradient(_line(z)),
        hess=lambda z: problem.joint_hessian(_line(z)),
        method="trust-exact",
        options={"gtol": 0.1 * tolerance, "maxiter": 500},
    )
    line, grad_norm = _polish(problem, _line(found.x), tolerance)
    if grad_norm > tolerance:
        _LOG.warning("not converged: |grad|_inf %.1e after %d steps", grad_norm, found.nit)
    return Solution(line, grad_norm, grad_norm <= tolerance, int(found.nit))


def _polish(problem: RobustLoss, line: Line, tolerance: float) -> tuple[Line, float]:
    """Full Newton steps while they lower the gradient: the last digits, where differences of the
    loss drown in rounding and a trust region stalls.
    """
    grad = problem.gradient(line)
    while np.abs(grad).max() > 0.1 * tolerance:
        step = np.linalg.solve(problem.joint_hessian(line), grad)
        closer = Line(line.w - step[:-1], line.b - float(step[-1]))
        closer_grad = problem.gradient(closer)
        if not np.abs(closer_grad).max() < 0.5 * np.abs(grad).max():
            break
        line, grad = closer, closer_grad
    return line, float(np.abs(grad).max())


def _subgradient_distance(problem: RobustLoss, b: float) -> float:
    """How far 0 is from the subgradient over w at (0, b): max(|grad| - e mean s, 0).

    At w = 0 the loss is smooth but for the cone e |w|, whose subgradient is the ball of radius
    e mean(s). With the best bias the distance is 0 exactly from e = eps0 on.
    """
    at_zero = RobustLoss(problem.x, problem.t, 0.0)
    s = 1 / (1 + np.exp(at_zero.t * b))
    gradient = -(at_zero.x.T @ (s * at_zero.t)) / len(s)
    return max(float(np.linalg.norm(gradient)) - problem.radius * float(s.mean()), 0.0)


def _class_mean_line(problem: RobustLoss) -> Line:
    """W from one class mean to the other, b so that the boundary lies half-way."""
    high = problem.x[problem.t > 0].mean(axis=0)
    low = problem.x[problem.t < 0].mean(axis=0)
    w = high - low
    return Line(w, -0.5 * float(w @ (high + low)))


def _log_odds(t: np.ndarray) -> float:
    """The bias of the best constant classifier."""
    return float(np.log(np.sum(t > 0) / np.sum(t < 0)))


def _line(z: np.ndarray) -> Line:
    return Line(z[:-1], float(z[-1]))
