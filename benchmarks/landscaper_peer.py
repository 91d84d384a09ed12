"""Landscaper 1.3.1 beside ours: the loss along a line, and what it gets wrong.

Its ``compute_loss_landscape`` rescales every direction tensor by tensor to the root of its number
of entries, whatever the direction is. So that the same points are compared, our line is the one
that it makes: rescaled alike, and as long. It moves by adding the step again and again from the
middle, and adds noise from numpy's global generator, without a seed, to the largest loss.
"""

import contextlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from rows import Row, answering, judged
from timing import interleaved, ratios
from torch import Tensor, nn

from advscape.curvature.density import spectral_density
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import extreme_eigenvalues
from advscape.evaluation.evaluate import score
from advscape.landscape.directions import eigenvector_direction, random_direction
from advscape.landscape.walk import walking

DISTANCE, AGREE, CURVATURE, MOMENT = 0.2, 1e-4, 0.05, 0.2
STEPS, PROBES = 20, 2
#: of the loss over such a step along the eigenvector is half its square, far above rounding
RISE = 1e-2


@dataclass(frozen=True)
class Line:
    """A line as it is asked for: direction, length in units of the weights' norm, points."""

    direction: list[Tensor]
    distance: float
    points: int

    def step(self, model: nn.Module) -> dict[str, Tensor]:
        """The step from one of its points to the next, by name, as its source makes it."""
        scaled = [d * d.numel() ** 0.5 / (d.norm() + 1e-10) for d in self.direction]
        share = norm(model.parameters()) * self.distance / (self.points / 2) / norm(scaled)
        names = [name for name, _ in model.named_parameters()]
        return {name: share * d for name, d in zip(names, scaled, strict=True)}


def norm(tensors: Iterable[Tensor]) -> Tensor:
    """The norm of all of them together."""
    return torch.stack([t.detach().norm() for t in tensors]).norm()


def landscaper_line(model: nn.Module, line: Line, x: Tensor, y: Tensor, batch: int) -> np.ndarray:
    """Losses (points,) as it computes them, at evenly spaced points."""
    from landscaper.compute import compute_loss_landscape

    def loss(moved: nn.Module, data: tuple[Tensor, Tensor]) -> float:
        return score(moved, *data, batch).loss

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return compute_loss_landscape(
            model,
            (x, y),
            [line.direction],
            loss,
            steps=line.points,
            distance=line.distance,
            dim=1,
            device="cpu",
        )[0]


def our_line(
    model: nn.Module, step: dict[str, Tensor], points: int, x: Tensor, y: Tensor, batch: int
) -> np.ndarray:
    """Losses (points,) at -k, ..., k steps."""
    losses = []
    with walking(model, step) as to:
        for k in range(points):
            to(k - points // 2)
            losses.append(score(model, x, y, batch).loss)
    return np.array(losses)


def compare_lines(
    model: nn.Module, x: Tensor, y: Tensor, points: int, repeats: int, batch: int
) -> list[Row]:
    """The loss along a random line, at its points."""
    what, name = f"{points} points of a line", "Landscaper"
    moves = random_direction(model, "filter-normalised", 0)
    direction = [moves.get(name, torch.zeros_like(p)) for name, p in model.named_parameters()]
    line = Line(direction, DISTANCE, points)
    step = line.step(model)
    sides = {
        name: lambda: landscaper_line(model, line, x, y, batch),
        "ours": lambda: our_line(model, step, points, x, y, batch),
    }
    there, missing = answering(what, {name: sides[name]})
    if missing:
        return missing
    seconds, found = interleaved(sides, repeats)
    mine, theirs = found["ours"], found[name]
    lower = np.arange(points) != mine.argmax()
    apart = np.abs(theirs / mine - 1)
    noise = [float(found[mine.argmax()] - mine.max()) for found in (there[name], theirs)]
    answers = (
        f"losses {apart[lower].max():.1e} apart (allowed: {AGREE:g}) but for the largest, "
        f"{mine.max():.4g}, to which it adds noise: {noise[0]:.1e} and {noise[1]:.1e} in two calls"
    )
    faster = ratios(seconds[name], seconds["ours"])
    return [judged(what, name, apart[lower].max() <= AGREE, answers, faster)]


def compare_eigenvector(model: nn.Module, x: Tensor, y: Tensor, batch: int) -> list[Row]:
    """The curvature along the first eigenvector, from its losses and from ours."""
    what, name = "loss along the first eigenvector", "Landscaper"
    operator = HessianOperator(model, x, y, len(y))
    start = torch.Generator().manual_seed(0)
    pair = extreme_eigenvalues(operator, 1e-3, 200, start).top[0]
    moves = eigenvector_direction(model, pair.vector)
    short = RISE / pair.value**0.5
    distance = short * 2.5 / float(norm(model.parameters()))  # five points, a short step apart
    line = Line([moves[name] for name, _ in model.named_parameters()], distance, 5)
    there, missing = answering(what, {name: lambda: landscaper_line(model, line, x, y, batch)})
    if missing:
        return missing
    theirs = bend(there[name][1:4], float(norm(line.step(model).values())))
    mine = bend(our_line(model, {k: short * d for k, d in moves.items()}, 3, x, y, batch), short)
    answers = f"its losses bend by {theirs:.3g}, ours by {mine:.3g}; the eigenvalue is "
    answers += f"{pair.value:.3g} (allowed: {CURVATURE:g}): it rescales the vector tensor by tensor"
    return [judged(what, name, abs(theirs / pair.value - 1) <= CURVATURE, answers)]


def bend(losses: np.ndarray, step: float) -> float:
    """Second difference of three losses, a step apart."""
    return float((losses[0] - 2 * losses[1] + losses[2]) / step**2)


def compare_density(model: nn.Module, x: Tensor, y: Tensor) -> list[Row]:
    """The second moment of the eigenvalues' density, tr H^2 / dim, as the weights give it."""
    what, name = f"density of the eigenvalues, {PROBES} x {STEPS} products", "Landscaper"
    operator = HessianOperator(model, x, y, len(y))
    found = spectral_density(operator, PROBES, STEPS, torch.Generator().manual_seed(0))
    mine = float(np.mean([q.weights @ q.nodes**2 for q in found.probes]))

    def density() -> tuple[np.ndarray, np.ndarray]:
        from landscaper import PyHessian

        torch.manual_seed(0)
        hessian = PyHessian(model, nn.CrossEntropyLoss(), [(x, y)], "cpu")
        return hessian.density(iter=STEPS, n_v=PROBES)

    there, missing = answering(what, {name: density})
    if missing:
        return missing
    nodes, weights = (np.real(np.array(part)) for part in there[name])
    total = float(weights.reshape(PROBES, -1).sum(axis=1).mean())
    answers = f"its weights are {weights.shape[1:]} numbers for {STEPS} nodes and add up to "
    answers += f"{total:.3g}, not 1"
    if weights.shape == nodes.shape:
        theirs = float((weights * nodes**2).sum(axis=1).mean())
        answers += f"; second moment {theirs:.3g}, ours {mine:.3g} (allowed: {MOMENT:g} apart)"
        return [judged(what, name, abs(theirs / mine - 1) <= MOMENT, answers)]
    return [judged(what, name, False, f"{answers}: squares of all entries, not of the first row")]
