"""Stage `landscape` of a linear experiment: closed form, all points in one matrix product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from advscape.landscape.grid import line as line_points
from advscape.landscape.grid import plane as plane_points
from advscape.linear.arms import training_loss
from advscape.linear.path import Cell, load_path
from advscape.linear.robust_loss import HessianTerm, LinearModel, RobustLoss
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.linear_samples import load_split
from advscape.tables.rows import rows_of

if TYPE_CHECKING:
    from advscape.study.config.landscape import LinearLandscape
    from advscape.study.config.study import LinearExperiment

#: v . H v of a direction
Bend = Callable[[np.ndarray], float]


def landscape_linear(
    job: Job[LinearExperiment], dataset: str | Path, weights: str | Path
) -> pd.DataFrame:
    """Scan the training loss along filter-normalised directions, bias fixed.

    A linear model's weight is one filter, so a Gaussian direction gets the length of w.

    Args:
        job: config sections dataset, threat and landscape; cell: seed.
        dataset: the prepared dataset.
        weights: the seed's models.

    Returns:
        Rows of landscape.csv; none for collapsed runs, which have no filter to normalise by.
    """
    seed, settings = job.cell["seed"], job.sections.landscape
    norm = job.sections.threat.norm
    train = load_split(job, dataset)["train"]
    frames, of_all = [], {"split": "train", "checkpoint": "last"}
    for cell, model in load_path(weights).items():
        if model.norm == 0:
            continue
        scan = _Scan(
            training_loss(train, cell, norm, stream(seed, "random noise")),
            RobustLoss(train.x, train.t, 0.0),
            model,
            fixed=cell.noise == "random",
        )
        frames += [
            frame.assign(**cell._asdict(), seed=seed, **of_all, n=len(train.t))
            for frame in scan.frames(settings)
        ]
    # where every run collapsed there is the header alone
    return pd.concat(frames, ignore_index=True) if frames else rows_of([], [*Cell._fields, "seed"])


def direction(dim: int, seed: int) -> np.ndarray:
    """A Gaussian direction of length 1: (dim,) float64."""
    draw = np.random.default_rng(seed).standard_normal(dim)
    return draw / np.linalg.norm(draw)


def scan_margins(
    loss: RobustLoss, model: LinearModel, directions: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """Margins at w + D a for every point a, with the noise regenerated: (n, len(points)).

    One product with the data serves all points, since scores are linear in them.

    Args:
        loss: the samples and the noise.
        model: w and b.
        directions: D (d, k).
        points: coordinates (m, k).
    """
    scores = loss.x @ np.column_stack([model.w, directions])
    moved = scores[:, :1] + scores[:, 1:] @ points.T + model.b
    order = 2 if loss.norm == "l2" else 1
    norms: np.ndarray = np.linalg.norm(model.w[:, None] + directions @ points.T, order, axis=0)
    margins: np.ndarray = loss.t[:, None] * moved - loss.radius * norms
    return margins


class _Scan:
    """The scans of one run."""

    def __init__(self, loss: RobustLoss, clean: RobustLoss, model: LinearModel, fixed: bool):
        """``loss`` is what the run is trained on; ``fixed`` says that its noise never moves."""
        self.loss, self.clean, self.model, self.fixed = loss, clean, model, fixed

    def frames(self, settings: LinearLandscape) -> Iterator[pd.DataFrame]:
        """Rows of all lines, then of the plane."""
        points = line_points(settings.radius, settings.points, settings.step)[:, None]
        for seed in settings.direction_seeds:
            yield from self._frames([seed], points, "filter-normalised")
        if settings.plane is not None:
            plane = settings.plane
            points = np.array(plane_points(plane.radius, plane.points))
            yield from self._frames(plane.seeds, points, "filter-normalised plane")

    def _frames(self, seeds: list[int], points: np.ndarray, name: str) -> Iterator[pd.DataFrame]:
        directions = np.column_stack([direction(len(self.model.w), seed) for seed in seeds])
        directions *= self.model.norm
        middle = len(points) // 2
        for attack, margins, bend in self._margins(directions, points):
            curvature = np.full(len(points), np.nan)
            if len(seeds) == 1:
                curvature[middle] = bend(directions[:, 0])
            yield pd.DataFrame(
                {
                    "direction": name,
                    "direction_seed": seeds[0],
                    "alpha": points[:, 0],
                    "beta": points[:, 1] if len(seeds) == 2 else 0.0,
                    "attack": attack,
                    "loss": np.logaddexp(0, -margins).mean(axis=0),
                    "accuracy": (margins > 0).mean(axis=0),
                    "curvature": curvature,
                }
            )

    def _margins(
        self, directions: np.ndarray, points: np.ndarray
    ) -> Iterator[tuple[str, np.ndarray, Bend]]:
        """Each attack's margins, and its v . H v."""
        loss, model = self.loss, self.model
        clean = scan_margins(self.clean, model, directions, points)
        yield "none", clean, lambda v: self.clean.bend(model, v)
        if self.fixed:
            yield "frozen", scan_margins(loss, model, directions, points), self._bend("total")
            return
        # the noise of the centre, -e t u, seen by the moved weights
        frozen = (model.w[:, None] + directions @ points.T).T @ loss.unit(model)
        yield "frozen", clean - loss.radius * frozen, self._bend("frozen")
        regenerated = scan_margins(loss, model, directions, points)
        yield "regenerated", regenerated, self._bend("total")

    def _bend(self, part: HessianTerm) -> Bend:
        """Not a number on a kink of the Linf loss."""
        kink = (
            self.loss.norm == "linf" and self.loss.radius != 0 and bool((self.model.w == 0).any())
        )
        if kink and part == "total":
            return lambda v: float("nan")
        return lambda v: self.loss.bend(self.model, v, part)
