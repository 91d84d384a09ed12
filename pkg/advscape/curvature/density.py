"""Density of the eigenvalues by stochastic Lanczos quadrature."""

from dataclasses import dataclass

import numpy as np
import torch

from advscape.curvature.krylov import KrylovBasis
from advscape.curvature.products import Products

#: largest distance from 1 of a curve's integral, and from its coarser self, that passes
_PASSES = 0.05


@dataclass(frozen=True)
class Quadrature:
    """One probe's measure: nodes, ascending (k,), and weights (k,) that add up to 1."""

    nodes: np.ndarray
    weights: np.ndarray

    def broadened(self, grid: np.ndarray, width: float) -> np.ndarray:
        """Density (points,) on a grid (points,); each node a Gaussian this wide."""
        away = (grid[:, None] - self.nodes) / width
        height = width * np.sqrt(2 * np.pi)
        density: np.ndarray = np.exp(-(away**2) / 2) @ self.weights / height
        return density


@dataclass(frozen=True)
class DensityCurve:
    """A density on a grid.

    Attributes:
        eigenvalue: the grid (points,).
        density: mean over probes (points,); its integral is the share of the eigenvalues.
        stderr: standard error of the mean over probes (points,).
        integral: of the density over the grid; not 1 where the grid is too narrow or too coarse.
        truncation: integral of the absolute difference from the density that three quarters of
            the steps give; large where the width is finer than the steps resolve.
        products: Hessian-vector products used.
        converged: whether ``integral`` is within 0.05 of 1 and ``truncation`` at most 0.05.
    """

    eigenvalue: np.ndarray
    density: np.ndarray
    stderr: np.ndarray
    integral: float
    truncation: float
    products: int
    converged: bool


@dataclass(frozen=True)
class SpectralDensity:
    """Quadratures of independent probes.

    Attributes:
        probes: one quadrature per probe, of all steps.
        coarse: the same of three quarters of the steps; of all where they were exact.
        products: Hessian-vector products used.
    """

    probes: tuple[Quadrature, ...]
    coarse: tuple[Quadrature, ...]
    products: int

    def grid(self, points: int, width: float) -> np.ndarray:
        """Even grid (points,) that holds all nodes and four widths around them."""
        lowest = min(q.nodes[0] for q in self.probes)
        highest = max(q.nodes[-1] for q in self.probes)
        return np.linspace(lowest - 4 * width, highest + 4 * width, points)

    def whole_curve(self, points: int, share: float) -> DensityCurve:
        """The curve over all nodes; each a Gaussian of this share of their range.

        Args:
            points: of its grid.
            share: of the range.
        """
        lowest = min(float(probe.nodes[0]) for probe in self.probes)
        highest = max(float(probe.nodes[-1]) for probe in self.probes)
        width = share * (highest - lowest)
        return self.curve(self.grid(points, width), width)

    def curve(self, grid: np.ndarray, width: float) -> DensityCurve:
        """Gaussian-broadened density.

        Args:
            grid: eigenvalues (points,), ascending.
            width: standard deviation of the Gaussian, in units of eigenvalues.
        """
        curves = np.array([q.broadened(grid, width) for q in self.probes])
        coarse = np.mean([q.broadened(grid, width) for q in self.coarse], axis=0)
        density = curves.mean(axis=0)
        integral = float(np.trapezoid(density, grid))
        truncation = float(np.trapezoid(np.abs(density - coarse), grid))
        return DensityCurve(
            grid,
            density,
            curves.std(axis=0, ddof=1) / np.sqrt(len(curves)),
            integral,
            truncation,
            self.products,
            abs(integral - 1) <= _PASSES and truncation <= _PASSES,
        )


def spectral_density(
    operator: Products, probes: int, steps: int, generator: torch.Generator
) -> SpectralDensity:
    r"""Density of the eigenvalues by stochastic Lanczos quadrature.

    From a random sign vector v, Lanczos' matrix P = S diag(theta) S^T gives

    .. math:: v^T f(H) v / |v|^2 \approx \sum_j (S_{1j})^2 f(\theta_j)

    exactly for polynomials f of degree below 2 steps (Ubaru, Chen and Saad, SIAM J. Matrix Anal.
    Appl. 38, 2017; Ghorbani, Krishnan and Xiao, ICML 2019). Its mean over v is tr f(H) / dim. The
    basis is orthogonalised in full, so that no eigenvalue appears twice; it takes steps + 1
    vectors of memory.

    Args:
        operator: H.
        probes: random vectors, at least 2.
        steps: products per probe, unless its Krylov space is smaller; at least 2.
        generator: of the probes.

    Raises:
        ValueError: fewer than 2 probes or steps.
        FloatingPointError: a product is not finite.
    """
    if probes < 2 or steps < 2:
        raise ValueError(f"probes, steps: got {probes}, {steps}; allowed: 2 or more of both")
    before = operator.products
    full, coarse = [], []
    for _ in range(probes):
        krylov = KrylovBasis(operator, operator.signs(generator), min(steps, operator.dim))
        while krylov.size < krylov.limit and not krylov.invariant:
            krylov.grow()
        exact = krylov.invariant or krylov.size == operator.dim
        projection = krylov.projection
        part = krylov.size if exact else krylov.size * 3 // 4
        full.append(_quadrature(projection))
        coarse.append(_quadrature(projection[:part, :part]))
    return SpectralDensity(tuple(full), tuple(coarse), operator.products - before)


def _quadrature(projection: np.ndarray) -> Quadrature:
    nodes, vectors = np.linalg.eigh(projection)
    return Quadrature(nodes, vectors[0] ** 2)
