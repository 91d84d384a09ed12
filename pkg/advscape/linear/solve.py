"""The stationary point that a run reaches, with the gradient as its certificate."""

import logging
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import expit

from advscape.linear.robust_loss import Line, RobustLoss

#: samples that a Hessian is made of, per weight, where there are many more
SAMPLES_PER_WEIGHT = 5
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

    Inputs that are 0 in all samples have weight 0 and are left out. Hessians are made in float32:
    that changes Newton's steps by about 1e-6 of their length, and not what they converge to.
    """

    def __init__(self, problem: RobustLoss):
        """Prepare the samples of ``problem``; its radius does not matter."""
        self._used = np.any(problem.x, axis=0)
        self._small = replace(problem, x=np.ascontiguousarray(problem.x[:, self._used]))
        self._cheap = self._small.x.astype(np.float32)
        w = np.zeros(self._small.x.shape[1])
        self._constant = Line(w, _log_odds(problem) if problem.bias else 0.0)
        self._pull = replace(self._small, radius=1.0).smooth_gradient(self._constant)

    def solve(self, radius: float, tolerance: float, start: Line | None = None) -> Solution:
        """Solve at one signed radius; see :func:`solve`.

        Collapse is decided first, by the shortest subgradient at w = 0; then Newton's method
        starts away from the cone.
        """
        small = replace(self._small, radius=radius)
        if self._collapses(radius):
            return Solution(self._spread(self._constant), 0.0, True, 0)
        line = class_mean_line(small) if start is None else Line(start.w[self._used], start.b)
        if small.norm == "linf":
            line, steps = _orthant_newton(small, line, tolerance)
        else:
            begin, steps = line, 0
            if radius >= 0:
                line, steps = _newton(small, begin, self._cheap, tolerance)
            if _largest(small.gradient(line)) > tolerance:
                line, more = _trust_region(small, begin, self._cheap, tolerance)
                steps += more
        grad_norm = _largest(small.gradient(line))
        if grad_norm > tolerance:
            _LOG.warning("not converged: |grad|_inf %.1e after %d steps", grad_norm, steps)
        return Solution(self._spread(line), grad_norm, grad_norm <= tolerance, steps)

    def _collapses(self, radius: float) -> bool:
        """Whether the best constant classifier is the minimiser: the cone outweighs the slope."""
        slope, strength = self._pull
        order = 2 if self._small.norm == "l2" else np.inf
        return float(np.linalg.norm(slope[:-1], order)) <= radius * strength + 1e-15

    def _spread(self, line: Line) -> Line:
        """A line over the used inputs as one over all."""
        w = np.zeros(len(self._used))
        w[self._used] = line.w
        return Line(w, line.b)


def _newton(
    problem: RobustLoss, line: Line, cheap: np.ndarray, tolerance: float
) -> tuple[Line, int]:
    """Damped Newton that keeps a Hessian for as long as its steps pay (Shamanskii 1967).

    A Hessian costs as much as ten gradients; between two of them, BFGS updates correct the one at
    hand. Progress is measured by the gradient in the metric of the inverse Hessian, which goes on
    falling where differences of the loss drown in rounding.
    """
    value, grad = problem.value_and_gradient(line)
    metric = None
    for step_number in range(1000):
        if _largest(grad) <= 0.1 * tolerance:
            return line, step_number
        if metric is None:
            metric = _Metric(_sampled_hessian(problem, line, cheap))
        step = -metric.apply(grad)
        slope = float(grad @ step)
        moved = _advance(line, step, 1.0)
        new, new_grad = problem.value_and_gradient(moved)
        pays = metric.square(new_grad) < 0.5 * metric.square(grad)
        if not pays and not new < value + 1e-4 * slope:
            if metric.pairs:
                metric = None  # it led nowhere: stay, and make a new one
                continue
            found = _halve(problem, line, step, value, slope)
            if found is None:
                return line, step_number
            moved, new, new_grad = found
        metric.add(_difference(moved, line), new_grad - grad)
        line, value, grad = moved, new, new_grad
        metric = metric if pays else None
    return line, step_number


def _sampled_hessian(problem: RobustLoss, line: Line, cheap: np.ndarray) -> np.ndarray:
    """The joint Hessian from the samples that make most of it (subsampled Newton).

    A sample counts by c s (1 - s). Those that count most are kept, the others stand for more of
    their kind: systematic sampling, which needs no random draw. Only the steps depend on it.
    """
    wanted = SAMPLES_PER_WEIGHT * len(line.w)
    s = expit(-problem.margins(line))
    weight = problem.shares * s * (1 - s)
    if len(problem.t) <= 2 * wanted or not np.any(weight):
        return problem.joint_hessian(line, cheap)
    chance = np.minimum(wanted * weight / weight.sum(), 1.0)
    picked = np.flatnonzero(np.diff(np.floor(np.cumsum(chance) + 0.5), prepend=0.0))
    part = replace(
        problem,
        x=problem.x[picked],
        t=problem.t[picked],
        weights=problem.shares[picked] / chance[picked],
    )
    return part.joint_hessian(line, cheap[picked])


class _Metric:
    """The inverse of a Hessian, corrected by the steps taken since (L-BFGS, Nocedal 1980)."""

    def __init__(self, hessian: np.ndarray):
        self._factor = _factor(hessian)
        self.pairs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        """Learn from a step and the change of the gradient along it."""
        if float(step @ change) > 0:
            self.pairs.append((step, change))

    def square(self, gradient: np.ndarray) -> float:
        """Squared length of a gradient in the metric of the Hessian alone."""
        return float(gradient @ cho_solve(self._factor, gradient))

    def apply(self, gradient: np.ndarray) -> np.ndarray:
        """The inverse times a gradient, by the two-loop recursion."""
        rest, weights = gradient.copy(), []
        for step, change in reversed(self.pairs):
            weight = float(step @ rest) / float(step @ change)
            rest -= weight * change
            weights.append(weight)
        rest = cho_solve(self._factor, rest)
        for (step, change), weight in zip(self.pairs, reversed(weights), strict=True):
            rest += (weight - float(change @ rest) / float(step @ change)) * step
        return rest


def _halve(
    problem: RobustLoss, line: Line, step: np.ndarray, value: float, slope: float
) -> tuple[Line, float, np.ndarray] | None:
    """The longest halved step that lowers the loss enough; None where rounding hides it."""
    size = 0.5
    while size > 1e-8:
        moved = _advance(line, step, size)
        new, grad = problem.value_and_gradient(moved)
        if new < value + 1e-4 * size * slope:
            return moved, new, grad
        size *= 0.5
    return None


def _advance(line: Line, step: np.ndarray, size: float) -> Line:
    return Line(line.w + size * step[:-1], line.b + size * float(step[-1]))


def _difference(one: Line, other: Line) -> np.ndarray:
    return np.append(one.w - other.w, one.b - other.b)


def _trust_region(
    problem: RobustLoss, begin: Line, cheap: np.ndarray, tolerance: float
) -> tuple[Line, int]:
    """Newton in a trust region (L2), then the last digits: slower, but safe beside the cone at
    w = 0, where a line search can stall, and where the loss is not convex (the opposed arm).
    """
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
        direction[free] = -cho_solve(_factor(hessian), grad[free])
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
        change = _difference(candidate, line)
        if new <= value + 1e-4 * min(float(grad @ change), 0.0) and new < value:
            return candidate, new
        if abs(new - value) < 1e-13 * max(value, 1e-300) and _largest(
            problem.gradient(candidate)
        ) < 0.9 * _largest(grad):
            return candidate, new
        size *= 0.5
    return None


def _factor(matrix: np.ndarray) -> tuple[np.ndarray, bool]:
    """Cholesky factor of a positive semi-definite matrix, lifted a little where it is singular."""
    lift, scale = 0.0, max(float(np.trace(matrix)) / len(matrix), np.finfo(float).tiny)
    while True:
        try:
            return cho_factor(matrix + lift * np.eye(len(matrix)))
        except LinAlgError:
            lift = max(10 * lift, 1e-14 * scale)


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


def _line(z: np.ndarray) -> Line:
    return Line(z[:-1], float(z[-1]))
