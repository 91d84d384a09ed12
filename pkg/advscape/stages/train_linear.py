"""Stage `train` of a linear experiment: every cell of one seed, solved exactly."""

from __future__ import annotations

import hashlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from advscape.linear.arms import training_loss
from advscape.linear.data import Samples
from advscape.linear.descend import descend
from advscape.linear.path import Cell, CellStore, cells, save_path
from advscape.linear.regime import collapse_radius, hard_margin, regime
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.solve import solve
from advscape.linear.warm_start import warm_start
from advscape.machine.progress import track
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.linear_samples import load_split
from advscape.study.canonical import canonical

if TYPE_CHECKING:
    from advscape.study.config.study import LinearExperiment

_LOG = logging.getLogger("advscape.training")


def train_linear(
    job: Job[LinearExperiment], dataset: str | Path, weights: str | Path, store: str | Path
) -> pd.DataFrame:
    """Solve all cells of a seed that are not in the store.

    Args:
        job: config sections dataset, threat and training; cell: seed, epsilons, noise.
        dataset: the prepared dataset.
        weights: where the models are written.
        store: folder of solved cells.

    Returns:
        Rows of runs.csv, one per cell.
    """
    seed = job.cell["seed"]
    train = load_split(job, dataset)["train"]
    kept, wanted = CellStore(store), list(cells(job.cell))
    if job.anew:
        kept.prune(set())
    norm = job.sections.threat.norm
    margin = hard_margin(train.x, train.t, norm)
    eps0 = collapse_radius(RobustLoss(train.x, train.t, 0.0, norm=norm))
    keys = {cell: _key(job, train, cell) for cell in wanted}
    found = {cell: kept.get(keys[cell]) for cell in wanted}
    done = {cell: solution for cell, solution in found.items() if solution is not None}
    missing = [cell for cell in wanted if cell not in done]
    _LOG.info("seed %d: %d cells kept, %d to solve", seed, len(wanted) - len(missing), len(missing))
    solved = {cell: model for cell, (model, _) in done.items()}
    for cell in track(missing, len(missing), "solving"):
        solved[cell], facts = _solve(train, cell, job.sections, seed, _start(solved, cell))
        done[cell] = solved[cell], facts
        kept.put(keys[cell], *done[cell])
    models, rows = {}, []
    for cell in wanted:
        models[cell], facts = done[cell]
        aligned = cell.noise == "aligned"
        rows.append(
            {
                "noise": cell.noise,
                "epsilon": cell.epsilon,
                "seed": seed,
                **facts,
                "regime": regime(cell.epsilon, margin, eps0) if aligned else "n/a",
                "hard_margin": margin.value,
                "collapse_radius": eps0,
                "weight_decay": job.sections.training.weight_decay,
                "gradient_steps": job.sections.training.gradient_steps,
                "device": "cpu",
            }
        )
    save_path(weights, models)
    kept.prune(set(keys.values()))
    return pd.DataFrame(rows)


def _solve(
    train: Samples, cell: Cell, sections: LinearExperiment, seed: int, start: LinearModel | None
) -> tuple[LinearModel, dict[str, Any]]:
    started = time.perf_counter()
    problem = training_loss(
        train,
        cell,
        sections.threat.norm,
        stream(seed, "random noise"),
        sections.training.weight_decay,
    )
    settings = sections.training
    if settings.gradient_steps is None:
        solution = solve(problem, settings.tolerance, start)
    else:
        solution = descend(
            problem, settings.gradient_steps, settings.learning_rate, settings.tolerance
        )
    facts = {
        "train_loss": problem.value(solution.model),
        "grad_norm": solution.grad_norm,
        "weight_norm": solution.model.norm,
        "iterations": solution.iterations,
        "converged": solution.converged,
        "wall_s": round(time.perf_counter() - started, 6),
    }
    return solution.model, facts


def _start(solved: dict[Cell, LinearModel], cell: Cell) -> LinearModel | None:
    """From the smaller epsilons of the arm; the opposed arm, not convex, always starts again."""
    if cell.noise == "opposed":
        return None
    arm = {other.epsilon: model for other, model in solved.items() if other.noise == cell.noise}
    return warm_start(arm, cell.epsilon)


def _key(job: Job[LinearExperiment], train: Samples, cell: Cell) -> str:
    """Name of a cell in the store: a hash of all that its solution depends on."""
    text = canonical(
        training=job.config["training"],
        threat=job.config["threat"],
        cell={"seed": job.cell["seed"], "noise": cell.noise, "epsilon": cell.epsilon},
        code=job.spec["code"],
        samples=[
            hashlib.sha256(np.ascontiguousarray(a).data).hexdigest() for a in (train.x, train.t)
        ],
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
