"""Many symmetric positive definite systems at once by preconditioned conjugate gradients."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

#: maps (n, d) to (n, d), row i by the matrix of system i
Rows = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CGSolution:
    """Outcome of :func:`conjugate_gradients`.

    Attributes:
        x: (n, d) solutions.
        residuals: (n,) |b - A x| / |b| as the recurrence has it; 0 where b is 0.
        negative: (n,) bool, whether a direction of curvature at most 0 was met: the matrix is not
            positive definite and x is where the iteration stopped.
        direction: (n, d) that direction; 0 where none was met.
        converged: (n,) bool, whether the residual is at most the tolerance.
        steps: products with the matrices, each of all systems.
    """

    x: Tensor
    residuals: Tensor
    negative: Tensor
    direction: Tensor
    converged: Tensor
    steps: int


def conjugate_gradients(
    matrix: Rows, preconditioner: Rows, b: Tensor, tolerance: float, max_steps: int
) -> CGSolution:
    """Solve A_i x_i = b_i for all i, each system with its own scalars (Hestenes, Stiefel 1952).

    A system that is done stands still while the others go on; all share each product.

    Args:
        matrix: the products A_i v_i.
        preconditioner: products with symmetric positive definite approximations of the inverses.
        b: (n, d) right-hand sides.
        tolerance: wanted |b - A x| / |b|.
        max_steps: give up after so many products; ``converged`` then says so.
    """
    # saturated samples have right-hand sides whose squares float32 does not hold
    scale = b.abs().amax(dim=1, keepdim=True)
    b = torch.where(scale > 0, b / scale, 0.0)
    x, r = torch.zeros_like(b), b
    z = preconditioner(r)
    p, rz = z, _dots(r, z)
    length = torch.linalg.vector_norm(b, dim=1)
    residuals = torch.where(length > 0, 1.0, 0.0).to(b)
    negative = torch.zeros_like(length, dtype=torch.bool)
    direction = torch.zeros_like(b)
    going = residuals > tolerance
    steps = 0
    while steps < max_steps and bool(going.any()):
        ap = matrix(p)
        steps += 1
        curvature = _dots(p, ap)
        bent = going & (curvature <= 0)
        direction = torch.where(bent[:, None], p, direction)
        negative |= bent
        going &= curvature > 0
        size = torch.where(going, rz / curvature, 0.0)[:, None]
        x, r = x + size * p, r - size * ap
        residuals = torch.where(going, torch.linalg.vector_norm(r, dim=1) / length, residuals)
        z = preconditioner(r)
        old, rz = rz, _dots(r, z)
        going &= residuals > tolerance
        p = torch.where(going[:, None], z + (rz / old)[:, None] * p, 0.0)
    return CGSolution(scale * x, residuals, negative, direction, residuals <= tolerance, steps)


def _dots(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=1)
