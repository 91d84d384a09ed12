"""The re-attacked gradient by a maximiser of its own: dense Newton steps on the free pixels."""

import numpy as np
import torch
from scipy.optimize import minimize
from torch import nn
from torch.func import functional_call, hessian, jacrev

from advscape.losses import precise_losses


def re_attacked_gradient(model, x, perturbed, y, threat, step):
    """Gradient (dim,) of the mean adversarial loss at the weights moved by ``step`` (dim,)."""
    names = [name for name, _ in model.named_parameters()]
    here = nn.utils.parameters_to_vector(model.parameters()).detach() + step
    sizes = [p.numel() for p in model.parameters()]
    weights = {
        name: part.view_as(p)
        for name, part, p in zip(names, here.split(sizes), model.parameters(), strict=True)
    }

    def loss(tensors, noisy, label):
        return precise_losses(functional_call(model, tensors, (noisy[None],)), label[None])[0]

    total = torch.zeros_like(here)
    for clean, noisy, label in zip(x, perturbed, y, strict=True):
        best = maximum(lambda v, k=label: loss(weights, v, k), clean, noisy, threat)
        gradient = jacrev(loss)(weights, best, label)
        total += torch.cat([gradient[name].reshape(-1) for name in names])
    return total / len(x)


def maximum(loss, clean, noisy, threat):
    """The maximum near ``noisy``: with bounds by L-BFGS-B first, then Newton's method.

    Args:
        loss: of one perturbed input, differentiable twice.
        clean: an input.
        noisy: where to begin, of its shape.
        threat: the set.
    """
    low, high = torch.full_like(clean, -np.inf), torch.full_like(clean, np.inf)
    if threat.box:
        low, high = torch.zeros_like(clean), torch.ones_like(clean)
    if threat.norm == "linf":
        low, high = low.maximum(clean - threat.epsilon), high.minimum(clean + threat.epsilon)
    inside = (noisy - clean).norm() < threat.epsilon * (1 - 1e-6)
    if threat.norm == "linf" or inside:
        bounds = list(zip(low.flatten().tolist(), high.flatten().tolist(), strict=True))

        def flipped(v):
            point = torch.from_numpy(v).view_as(clean)
            return -loss(point).item(), -jacrev(loss)(point).flatten().numpy()

        found = minimize(
            flipped, noisy.flatten().numpy(), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"ftol": 1e-16, "gtol": 1e-9},
        )  # fmt: skip
        noisy = torch.from_numpy(found.x).view_as(clean)
    point, shape = noisy.flatten().clone(), clean.shape
    low, high, clean = low.flatten(), high.flatten(), clean.flatten()

    def flat(v):
        return loss(v.view(shape))

    for _ in range(8):
        gradient, bend = jacrev(flat)(point), hessian(flat)(point)
        free = (point > low + 1e-12) & (point < high - 1e-12)
        delta = point - clean
        if threat.norm == "linf" or inside:
            block = bend[free][:, free]
            point = point.clone()
            point[free] = point[free] - torch.linalg.solve(block, gradient[free])
            continue
        # Lagrange's equations in the free pixels and the multiplier of |delta|^2 / 2
        mu = (gradient * delta)[free].sum() / delta[free].square().sum()
        n = int(free.sum())
        matrix = torch.zeros(n + 1, n + 1, dtype=point.dtype)
        matrix[:n, :n] = bend[free][:, free] - mu * torch.eye(n, dtype=point.dtype)
        matrix[:n, n] = matrix[n, :n] = -delta[free]
        right = torch.cat([
            mu * delta[free] - gradient[free],
            (delta.square().sum() - threat.epsilon**2)[None] / 2,
        ])  # fmt: skip
        point = point.clone()
        point[free] = point[free] + torch.linalg.solve(matrix, right)[:n]
    return point.view(shape)
