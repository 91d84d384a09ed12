"""The theorem on one sample, as a picture (Yamada et al. 2021): all curvature is the response."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.style import apply
from advscape.linear.robust_loss import LinearModel, RobustLoss


def theorem_figure() -> Figure:
    """One sample at its stationary point: |x| = epsilon, no bias, w along x.

    Left, the robust loss over two weights. Right, the two eigenvalues of its Hessian against
    |w|: 0 and epsilon / (2 |w|); with the noise frozen both are 0.
    """
    apply()
    figure, axes = plt.subplots(1, 2, figsize=(8.8, 3.8))
    _loss(axes[0], figure)
    _eigenvalues(axes[1])
    figure.suptitle(r"One sample with $|x| = \epsilon$: the curvature is the noise's response")
    return figure


def _sample(epsilon: float) -> RobustLoss:
    return RobustLoss(np.array([[epsilon, 0.0]]), np.ones(1), epsilon)


def _loss(ax: Axes, figure: Figure) -> None:
    loss, grid = _sample(1.0), np.linspace(-2, 2, 81)
    values = [[loss.value(LinearModel(np.array([a, b]), 0.0)) for a in grid] for b in grid]
    shades = ax.contourf(grid, grid, values, levels=20, cmap="viridis")
    ax.plot([0, 2], [0, 0], color="white", linewidth=2)
    ax.annotate(
        "stationary points", (1.1, 0.03), (0.0, 0.6), color="white",
        arrowprops={"arrowstyle": "->", "color": "white"},
    )  # fmt: skip
    ax.set(xlabel=r"$w_1$ (along $x$)", ylabel=r"$w_2$", title=r"robust loss, $\epsilon = 1$")
    ax.set_aspect("equal")
    figure.colorbar(shades, ax=ax, label="loss", shrink=0.9)


def _eigenvalues(ax: Axes) -> None:
    norms = np.linspace(0.25, 3, 12)
    for epsilon, colour in ((0.5, "C0"), (1.0, "C1"), (2.0, "C2")):
        loss = _sample(epsilon)
        hessians = [loss.hessian(LinearModel(np.array([n, 0.0]), 0.0)) for n in norms]
        top = [np.linalg.eigvalsh(hessian)[-1] for hessian in hessians]
        fine = np.linspace(norms[0], norms[-1], 200)
        ax.plot(fine, epsilon / (2 * fine), color=colour, label=f"{epsilon:g}")
        ax.plot(norms, top, "o", color=colour, markersize=4)
    frozen = [
        np.linalg.eigvalsh(_sample(1.0).hessian(LinearModel(np.array([n, 0.0]), 0.0), "frozen"))[-1]
        for n in norms
    ]
    ax.plot(norms, frozen, "s", color="0.4", markersize=4, label="any, with the noise frozen")
    ax.set(xlabel=r"$|w|$", ylabel=r"$\lambda_{\max}$")
    ax.set_title(r"points: Hessian; lines: $\epsilon / (2 |w|)$")
    ax.legend(title=r"$\epsilon$", fontsize="small")
