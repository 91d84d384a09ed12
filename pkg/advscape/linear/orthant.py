"""Newton's method for the robust loss under Linf noise, with its kinks where a weight is 0."""

import numpy as np
from scipy.linalg import cho_solve

from advscape.linear.newton import MAX_STEPS, factor
from advscape.linear.robust_loss import LinearModel, RobustLoss, largest


def orthant_newton(
    problem: RobustLoss, begin: LinearModel, tolerance: float
) -> tuple[LinearModel, float, int]:
    """Newton on the weights that are not stuck at a kink, inside one orthant a step (Linf).

    Within an orthant |w|_1 is linear and the loss smooth. The steps are those of OWL-QN (Andrew
    and Gao 2007) with the exact Hessian; a weight that would change its sign stops at 0.
    Arguments and result are those of :func:`advscape.linear.newton.newton`.
    """
    model, value, grad, steps = begin, problem.value(begin), problem.gradient(begin), 0
    while largest(grad) > tolerance and steps < MAX_STEPS:
        steps += 1
        orthant = np.where(model.w != 0, np.sign(model.w), -np.sign(grad[:-1]))
        free = np.append(orthant != 0, problem.bias)
        direction = np.zeros(len(grad))
        hessian = _orthant_hessian(problem, model, orthant)[np.ix_(free, free)]
        direction[free] = -cho_solve(factor(hessian), grad[free])
        # leaving 0 against the descent direction would be undone by the projection
        stuck = np.append((model.w == 0) & (direction[:-1] * orthant <= 0), False)
        direction[stuck] = 0.0
        moved = _line_search(problem, model, value, grad, direction, orthant)
        if moved is None:
            break
        model, value = moved
        grad = problem.gradient(model)
    return model, largest(grad), steps


def _orthant_hessian(problem: RobustLoss, model: LinearModel, orthant: np.ndarray) -> np.ndarray:
    """Joint Hessian of the smooth loss that holds in an orthant, also on its boundary."""
    # a weight of 0 that is about to leave it counts with the sign it will have
    tiny = np.where(model.w == 0, orthant * np.finfo(float).tiny, model.w)
    return problem.joint_hessian(LinearModel(tiny, model.b))


def _line_search(
    problem: RobustLoss,
    model: LinearModel,
    value: float,
    grad: np.ndarray,
    direction: np.ndarray,
    orthant: np.ndarray,
) -> tuple[LinearModel, float] | None:
    """Halve the step until the loss, or near the end the gradient, goes down; None if it cannot."""
    size = 1.0
    for _ in range(50):
        w = model.w + size * direction[:-1]
        w = np.where(w * orthant > 0, w, 0.0)
        candidate = LinearModel(w, model.b + size * float(direction[-1]))
        new = problem.value(candidate)
        change = np.append(candidate.w - model.w, candidate.b - model.b)
        if new <= value + 1e-4 * min(float(grad @ change), 0.0) and new < value:
            return candidate, new
        if abs(new - value) < 1e-13 * max(value, 1e-300) and largest(
            problem.gradient(candidate)
        ) < 0.9 * largest(grad):
            return candidate, new
        size *= 0.5
    return None
