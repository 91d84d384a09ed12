"""Plain gradient descent: what training for a while reaches, minimiser or not."""

import numpy as np

from advscape.linear.robust_loss import LinearModel, RobustLoss, largest
from advscape.linear.solve import Solution, class_mean_line


def descend(problem: RobustLoss, steps: int, learning_rate: float, tolerance: float) -> Solution:
    """Take a fixed number of gradient steps from the difference of the class means.

    Where data are separable and there is no weight decay the loss has no minimiser, and what is
    measured afterwards belongs to the stopping time. Where w = 0 is the minimiser the steps end up
    beside the cone, not on it; collapse is therefore never reported.

    Args:
        problem: the loss.
        steps: number of steps.
        learning_rate: step size.
        tolerance: largest absolute entry of the gradient that counts as converged.
    """
    start = class_mean_line(problem)
    z = np.append(start.w, start.b)
    for _ in range(steps):
        z = z - learning_rate * problem.gradient(LinearModel(z[:-1], float(z[-1])))
    model = LinearModel(z[:-1], float(z[-1]))
    grad_norm = largest(problem.gradient(model))
    return Solution(model, grad_norm, grad_norm <= tolerance, steps)
