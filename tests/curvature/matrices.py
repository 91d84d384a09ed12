"""Symmetric matrices as operators, and spectra like those of networks."""

import math

import torch


class Dense:
    """A symmetric matrix (dim, dim), or its diagonal (dim,), that counts its products."""

    def __init__(self, matrix):
        self.matrix = matrix
        self.dim = len(matrix)
        self.products = 0

    def __matmul__(self, vector):
        self.products += 1
        return self.matrix * vector if self.matrix.ndim == 1 else self.matrix @ vector

    def random_vector(self, generator):
        draw = torch.randn(self.dim, generator=generator)
        return draw.to(self.matrix.dtype) / math.sqrt(self.dim)

    start_vector = random_vector

    def signs(self, generator):
        draw = torch.randint(0, 2, (self.dim,), generator=generator)
        return (2 * draw - 1).to(self.matrix.dtype)


def network_like(dim=20_000, dtype=torch.float64):
    """Diagonal with a ResNet-18's largest eigenvalues, a tail that falls off, and a bulk at 0."""
    bulk = torch.linspace(0.3, -0.3, dim - 203, dtype=torch.float64)
    tail = 45 * torch.arange(1, 201, dtype=torch.float64) ** -0.7
    top = torch.tensor([148.79284864, 72.493, 64.410], dtype=torch.float64)
    return torch.cat([top, tail, bulk]).to(dtype)


def with_spectrum(values, seed=0):
    """A float64 matrix of the given eigenvalues in a random basis."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.as_tensor(values, dtype=torch.float64)
    draw = torch.randn(len(values), len(values), generator=generator, dtype=torch.float64)
    q, _ = torch.linalg.qr(draw)
    matrix = (q * values) @ q.T
    return (matrix + matrix.T) / 2
