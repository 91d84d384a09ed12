"""A quadratic loss of a weight vector: its sharpness has a closed form."""

from types import SimpleNamespace

import torch
from torch import nn


class Quadratic:
    """f(w) = g . (w - w0) + (w - w0) . H (w - w0) / 2, at w0 to begin with; float64."""

    def __init__(self, dim=6, seed=0, slope=0.0, hessian=None):
        generator = torch.Generator().manual_seed(seed)
        root = torch.randn(dim, dim, generator=generator, dtype=torch.float64)
        self.hessian = root @ root.T if hessian is None else hessian
        self.gradient = slope * torch.randn(dim, generator=generator, dtype=torch.float64)
        self.centre = torch.randn(dim, generator=generator, dtype=torch.float64)
        half = dim // 2
        self.parameters = [nn.Parameter(part.clone()) for part in self.centre.split(half)]

    def slope(self):
        move = torch.cat([p.detach() for p in self.parameters]) - self.centre
        bent = self.hessian @ move
        value = float(self.gradient @ move + move @ bent / 2)
        return value, self.gradient + bent

    def measure(self):
        return torch.tensor([self.slope()[0]], dtype=torch.float64)


def as_network(loss, n=7):
    """A stand-in for a TrainedNetwork whose only mean loss is a quadratic one."""
    inputs = SimpleNamespace(values=lambda *_: loss.measure(), slope=lambda _: loss.slope())
    return SimpleNamespace(
        parameters=loss.parameters,
        inputs={("clean",): inputs},
        y=torch.zeros(n),
        generator=lambda name: torch.Generator().manual_seed(0),
    )
