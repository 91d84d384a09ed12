"""What the interface gives: frozen records of a value, its error, and what it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Mean:
    """A mean over samples, exact for these.

    Attributes:
        value: the mean.
        stderr: its standard error, where the samples stand for others; nan for a single one.
        n: number of samples.
    """

    value: float
    stderr: float
    n: int

    def __float__(self) -> float:
        """The value."""
        return self.value


@dataclass(frozen=True)
class Optimality:
    """How near an attack is to maxima of the loss, and what these are.

    Attributes:
        value: median over samples of the attack's distance from the first-order condition, relative
            to epsilon: 0 at a maximum, about 1.4 at random noise of length epsilon (L2).
        gain: rise of the mean loss from the attack's outcome to the maxima that it is near.
        gain_stderr: its standard error over samples; nan for a single one.
        distance: largest distance that is left to a strict maximum, over epsilon; nan without one.
        firmness: smallest curvature at a strict maximum; near 0 it is flat, and its response large.
        counts: samples by what they are at: "sphere", "interior" and "free coordinates" are strict
            maxima, "kink" and "not converged" are none.
        loss_shares: shares of the summed loss by the same names.
        n: number of samples.
        n_valid: those of them that are at strict maxima.
        converged: whether they are enough (half) for response and total.
    """

    value: float
    gain: float
    gain_stderr: float
    distance: float
    firmness: float
    counts: Mapping[str, int]
    loss_shares: Mapping[str, float]
    n: int
    n_valid: int
    converged: bool


@dataclass(frozen=True)
class Eigenvalues:
    """Eigenvalues from both ends of a Hessian; k of them.

    Attributes:
        values: (k,) float64, the largest ones descending, then the smallest ones ascending.
        residuals: (k,) an eigenvalue lies within this distance of each value. Of response and total
            what the way that is left to the maxima can change is added.
        vectors: (k, dim) of length 1.
        stderr: standard error of the first value over samples; nan for a single one.
        n: samples that the Hessian is a mean over.
        products: Hessian-vector products used for the values.
        converged: whether all are within the tolerance, and all inner systems solved.
    """

    values: np.ndarray
    residuals: np.ndarray
    vectors: Tensor = field(repr=False)
    stderr: float
    n: int
    products: int
    converged: bool

    @property
    def value(self) -> float:
        """The first one."""
        return float(self.values[0])

    @property
    def residual(self) -> float:
        """Of the first one."""
        return float(self.residuals[0])


@dataclass(frozen=True)
class Trace:
    """A trace: exact, or Hutchinson's estimate.

    Attributes:
        value: the trace.
        stderr: its standard error over probes; 0 of an exact one. Of response and total what the
            way that is left to the maxima can change is added.
        layers: the same two of each parameter's diagonal block, by its name; they add up to the
            value.
        n: samples that the Hessian is a mean over.
        probes: random vectors; 0 where it is exact.
        products: Hessian-vector products used for the value, Lanczos' first ones among them.
        converged: whether the error is within what was asked for, and all inner systems solved.
    """

    value: float
    stderr: float
    layers: Mapping[str, tuple[float, float]] = field(repr=False)
    n: int
    probes: int
    products: int
    converged: bool


@dataclass(frozen=True)
class Density:
    """Density of a Hessian's eigenvalues, on a grid (points,).

    Attributes:
        eigenvalue: the grid.
        value: the density there; its integral is the share of the eigenvalues.
        stderr: its standard error over probes.
        integral: of the density over the grid; 1 where that is wide and fine enough.
        truncation: integral of the difference that a quarter fewer steps make.
        n: samples that the Hessian is a mean over.
        probes: random vectors.
        products: Hessian-vector products used.
        converged: whether integral and truncation are within 0.05 of 1 and 0, and all inner systems
            solved.
    """

    eigenvalue: np.ndarray = field(repr=False)
    value: np.ndarray = field(repr=False)
    stderr: np.ndarray = field(repr=False)
    integral: float
    truncation: float
    n: int
    probes: int
    products: int
    converged: bool
