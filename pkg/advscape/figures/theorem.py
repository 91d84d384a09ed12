"""The theorem on one sample, as a picture (Yamada et al. 2021): all curvature is the response."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.keys import Key, Look, legend
from advscape.figures.sheet import framed
from advscape.figures.style import SMALL, TWO_COLUMNS, Drawn, apply
from advscape.linear.robust_loss import LinearModel, RobustLoss

_EPSILONS = (0.5, 1.0, 2.0)
_FROZEN = "any, with the noise frozen"
_LEFT, _RIGHT = "robust loss, epsilon = 1", "largest eigenvalue"


def theorem_figure() -> Drawn:
    """One sample at its stationary point: |x| = epsilon, no bias, w along x.

    Left, the robust loss over two weights. Right, the two eigenvalues of its Hessian against
    |w|: 0 and epsilon / (2 |w|); with the noise frozen both are 0.
    """
    apply()
    looks = {f"{epsilon:g}": Look(f"C{i}", "-", "o") for i, epsilon in enumerate(_EPSILONS)}
    looks[_FROZEN] = Look("0.4", "none", "s")
    title = "One sample whose length is epsilon: the curvature is the noise's response"
    figure = framed(
        TWO_COLUMNS, 2.4, title, r"points: Hessian; lines: $\epsilon/(2|w|)$",
        legend([Key("epsilon", r"$\epsilon$", looks)], TWO_COLUMNS),
    )  # fmt: skip
    left, right = figure.subplots(1, 2)
    data = [_loss(left, figure), *_eigenvalues(right, looks)]
    columns = ["panel", "epsilon", "what", "x", "y", "value"]
    return Drawn(figure, pd.concat(data)[columns])


def _sample(epsilon: float) -> RobustLoss:
    return RobustLoss(np.array([[epsilon, 0.0]]), np.ones(1), epsilon)


def _loss(ax: Axes, figure: Figure) -> pd.DataFrame:
    loss, grid = _sample(1.0), np.linspace(-2, 2, 41)
    values = np.array(
        [[loss.value(LinearModel(np.array([a, b]), 0.0)) for a in grid] for b in grid]
    )
    shades = ax.contourf(grid, grid, values, levels=20, cmap="viridis")
    ax.plot([0, 2], [0, 0], color="white", linewidth=1.5)
    ax.annotate(
        "stationary points", (1.1, 0.03), (-0.4, 0.8), color="white", fontsize=SMALL,
        arrowprops={"arrowstyle": "->", "color": "white"},
    )  # fmt: skip
    ax.set(xlabel=r"$w_1$ (along $x$)", ylabel=r"$w_2$", title=r"robust loss, $\epsilon=1$")
    ax.set_aspect("equal")
    bar = figure.colorbar(shades, ax=ax, label="loss (nats)", shrink=0.9)
    bar.ax.tick_params(labelsize=SMALL)
    across, up = np.meshgrid(grid, grid)
    return pd.DataFrame({"x": across.ravel(), "y": up.ravel(), "value": values.ravel()}).assign(
        panel=_LEFT, epsilon=1.0, what="loss"
    )


def _eigenvalues(ax: Axes, looks: dict[str, Look]) -> Iterator[pd.DataFrame]:
    norms = np.linspace(0.25, 3, 12)
    fine = np.linspace(norms[0], norms[-1], 200)
    for epsilon in _EPSILONS:
        look = looks[f"{epsilon:g}"]
        top = _largest(epsilon, norms, "total")
        ax.plot(fine, epsilon / (2 * fine), color=look.colour)
        ax.plot(norms, top, look.marker, color=look.colour)
        yield _points(norms, top, epsilon, "Hessian")
        yield _points(fine, epsilon / (2 * fine), epsilon, "epsilon / (2 |w|)")
    frozen = _largest(1.0, norms, "frozen")
    ax.plot(norms, frozen, "s", color=looks[_FROZEN].colour)
    yield _points(norms, frozen, 1.0, "Hessian, noise frozen")
    ax.set(xlabel="$|w|$", ylabel=r"$\lambda_{\max}$", title=_RIGHT)


def _largest(epsilon: float, norms: np.ndarray, part: Literal["frozen", "total"]) -> np.ndarray:
    loss = _sample(epsilon)
    hessians = [loss.hessian(LinearModel(np.array([n, 0.0]), 0.0), part) for n in norms]
    return np.array([np.linalg.eigvalsh(hessian)[-1] for hessian in hessians])


def _points(x: np.ndarray, y: np.ndarray, epsilon: float, what: str) -> pd.DataFrame:
    return pd.DataFrame({"x": x, "y": y}).assign(
        panel=_RIGHT, epsilon=epsilon, what=what, value=np.nan
    )
