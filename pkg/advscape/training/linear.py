"""Stage `train` of a linear experiment: every cell of one seed, solved exactly."""

import hashlib
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advscape.job import Job
from advscape.linear.arms import training_loss
from advscape.linear.data import Samples, load_samples
from advscape.linear.path import Cell, CellStore, cells, save_path
from advscape.linear.regime import collapse_radius, hard_margin, regime
from advscape.linear.robust_loss import Line
from advscape.linear.solve import solve
from advscape.progress import track
from advscape.seeds import stream
from advscape.study.canonical import canonical

_LOG = logging.getLogger("advscape.training")


def train_linear(
    job: Job, dataset: str | Path, weights: str | Path, store: str | Path
) -> pd.DataFrame:
    """Solve all cells of a seed that are not in the store.

    Args:
        job: config sections dataset and training; cell: seed, epsilons, noise.
        dataset: the prepared dataset.
        weights: where the lines are written.
        store: folder of solved cells.

    Returns:
        Rows of runs.csv, one per cell.
    """
    seed, training = job.cell["seed"], job.config["training"]
    train = load_samples(dataset, job.config["dataset"], seed)["train"]
    kept, wanted = CellStore(store), list(cells(job.cell))
    margin, eps0 = hard_margin(train.x, train.t), collapse_radius(train.x, train.t)
    keys = {cell: _key(job, train, cell) for cell in wanted}
    missing = [cell for cell in wanted if kept.get(keys[cell]) is None]
    _LOG.info("seed %d: %d cells kept, %d to solve", seed, len(wanted) - len(missing), len(missing))
    for cell in track(missing, len(missing), "solving"):
        kept.put(keys[cell], *_solve(train, cell, training, seed))
    lines, rows = {}, []
    for cell in wanted:
        lines[cell], facts = kept.get(keys[cell])
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
                "device": "cpu",
            }
        )
    save_path(weights, lines)
    kept.prune(set(keys.values()))
    return pd.DataFrame(rows)


def _solve(
    train: Samples, cell: Cell, training: dict[str, Any], seed: int
) -> tuple[Line, dict[str, Any]]:
    started = time.perf_counter()
    problem = training_loss(
        train.x,
        train.t,
        cell.epsilon,
        cell.noise,
        training["weight_decay"],
        stream(seed, "random noise"),
    )
    solution = solve(problem, training["tolerance"])
    facts = {
        "train_loss": problem.value(solution.line),
        "grad_norm": solution.grad_norm,
        "weight_norm": solution.line.norm,
        "iterations": solution.iterations,
        "converged": solution.converged,
        "wall_s": round(time.perf_counter() - started, 6),
    }
    return solution.line, facts


def _key(job: Job, train: Samples, cell: Cell) -> str:
    """Name of a cell in the store: a hash of all that its solution depends on."""
    text = canonical(
        training=job.config["training"],
        cell={"seed": job.cell["seed"], "noise": cell.noise, "epsilon": cell.epsilon},
        code=job.spec["code"],
        samples=[hashlib.sha256(np.ascontiguousarray(a)).hexdigest() for a in (train.x, train.t)],
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]
