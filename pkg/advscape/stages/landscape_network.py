"""Stage `landscape` of a network experiment: lines and planes, point by point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from torch import Tensor

from advscape.curvature.eigenvectors import load_eigenvectors
from advscape.landscape.catalogue import DIRECTIONS
from advscape.landscape.directions import Direction, Place
from advscape.landscape.grid import line, plane, share
from advscape.landscape.losses import Losses
from advscape.landscape.store import PointStore
from advscape.landscape.walk import walking
from advscape.machine.progress import track
from advscape.references import imported
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.run import load_run, make_network, weights_file

if TYPE_CHECKING:
    from advscape.study.config.study import NetworkExperiment


@dataclass(frozen=True)
class Files:
    """What a landscape is made from, beside the dataset.

    Attributes:
        weights: the trained weights.
        best: those of the best epoch, for the line to them.
        eigenvectors: of the curvature stage, for lines along them.
    """

    weights: str | Path
    best: str | Path | None = None
    eigenvectors: str | Path | None = None


@dataclass(frozen=True)
class _Path:
    """A line or a plane: of which samples, along which directions, of which losses."""

    split: str
    kind: str
    seeds: tuple[int, ...]
    attacks: tuple[str, ...]

    @property
    def columns(self) -> dict[str, Any]:
        """Columns that name it."""
        name = self.kind if len(self.seeds) == 1 else f"{self.kind} plane"
        return {"split": self.split, "direction": name, "direction_seed": self.seeds[0]}


def landscape_network(
    job: Job[NetworkExperiment], dataset: str | Path, files: Files, store: str | Path
) -> pd.DataFrame:
    """Losses along lines and on a plane: clean, with frozen noise, with regenerated noise.

    Points are kept one by one beside the output; a killed job goes on at the next one. Where
    several jobs share the points, their rows follow each other as one job's would.

    Args:
        job: config sections dataset, model, threat, landscape and compute; cell: one run, and
            which part of its points.
        dataset: the prepared dataset.
        files: the weights and what directions need.
        store: where finished points are kept.

    Returns:
        Rows of landscape.csv.
    """
    scan = _Scan(job, dataset, files)
    points = scan.points()
    mine = share(len(points), job.cell["part"], scan.settings.jobs)
    if job.anew:
        Path(store).unlink(missing_ok=True)
    with open(weights_file(job, files.weights), "rb") as weights:
        kept = PointStore(store, job.key + file_digest(weights, "sha256").hexdigest())
    rows = []
    for i, result in track(scan.measure(points, mine, kept), len(mine), "landscape"):
        path, coordinates = points[i]
        alpha, beta = (*coordinates, 0.0)[:2]
        at = {**scan.run.key, **path.columns, "alpha": alpha, "beta": beta}
        rows += [
            {**at, "attack": attack, "curvature": None, "kinks": None, **values}
            for attack, values in result.items()
        ]
    return pd.DataFrame(rows)


#: a point, and the line or plane that it is on
Point = tuple[_Path, tuple[float, ...]]


class _Scan:
    """All lines and planes of a run."""

    def __init__(self, job: Job[NetworkExperiment], dataset: str | Path, files: Files):
        self._job, self._files = job, files
        self.settings = job.sections.landscape
        self.run = load_run(job, dataset, files.weights)

    def points(self) -> list[Point]:
        """Every point in the order of the table, with the line or plane that it is on."""
        how = self.settings
        found: list[Point] = []
        steps = line(how.radius, how.points, how.step).tolist()
        for split in how.splits:
            lines = [(kind, seed) for kind in how.directions for seed in self._seeds(kind)]
            for kind, seed in lines:
                path = _Path(split, kind, (seed,), tuple(how.attacks))
                found += [(path, (step,)) for step in steps]
            if how.plane is not None:
                flat = how.plane
                path = _Path(split, flat.direction, tuple(flat.seeds), tuple(flat.attacks))
                found += [(path, point) for point in plane(flat.radius, flat.points)]
        return found

    def measure(
        self, points: list[Point], mine: range, kept: PointStore
    ) -> Iterator[tuple[int, dict[str, dict[str, float]]]]:
        """Index and result of each of my points, by attack; from the store where it has them."""
        losses = {split: self._losses(split) for split in self.settings.splits}
        for path, group in groupby(mine, key=lambda i: points[i][0]):
            directions = [self._direction(path.kind, seed) for seed in path.seeds]
            with walking(self.run.model, *directions) as to:
                for i in group:
                    coordinates = points[i][1]
                    if kept.get(i) is None:
                        to(*coordinates)
                        found = {attack: losses[path.split].here(attack) for attack in path.attacks}
                        if coordinates == (0.0,) and DIRECTIONS[path.kind].of_weights:
                            losses[path.split].bend(found, directions[0])
                        kept.put(i, found)
                    yield i, kept.get(i)

    def _losses(self, split: str) -> Losses:
        run, how = self.run, self.settings
        x, y = run.samples(split, how.samples, f"landscape samples, {split}")
        seed = stream(run.seed, "landscape attack")
        return Losses(run.model, x, y, run.attack(how.attack), seed, how.batch_size, split)

    @cached_property
    def _eigenvectors(self) -> Tensor:
        if self._files.eigenvectors is None:
            raise ValueError("files: a landscape along eigenvectors needs their file")
        return load_eigenvectors(self._files.eigenvectors, self.run.seed)

    def _seeds(self, kind: str) -> list[int]:
        match DIRECTIONS[kind].lines:
            case "eigenvectors":
                return list(range(len(self._eigenvectors)))
            case "one":
                return [0]
        return self.settings.direction_seeds

    def _direction(self, kind: str, seed: int) -> Direction:
        place = Place(
            self.run.model, lambda: self._eigenvectors.to(self.run.device), self._checkpoint
        )
        direction: Direction = imported(DIRECTIONS[kind].function)(place, kind, seed)
        return direction

    def _checkpoint(self, kind: str) -> dict[str, Tensor]:
        """State of the checkpoint that a kind of lines goes to: the best, or a new network's."""
        file = self._files.best if DIRECTIONS[kind].needs == "best" else None
        run = self.run
        return make_network(self._job, run.classes, run.shape, run.device, file).state_dict()
