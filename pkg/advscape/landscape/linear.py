"""Stage `landscape` of a linear experiment: closed form, all points in one matrix product."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from advscape.job import Job
from advscape.landscape.grid import alphas
from advscape.linear.arms import training_loss
from advscape.linear.data import load_samples
from advscape.linear.path import load_path
from advscape.linear.robust_loss import Line, RobustLoss
from advscape.seeds import stream


def landscape_linear(job: Job, dataset: str | Path, weights: str | Path) -> pd.DataFrame:
    """Scan the training loss along filter-normalised directions, bias fixed.

    A linear model's weight is one filter, so a Gaussian direction gets the length of w.

    Args:
        job: config sections dataset, threat and landscape; cell: seed.
        dataset: the prepared dataset.
        weights: the seed's lines.

    Returns:
        Rows of landscape.csv; none for collapsed runs, which have no filter to normalise by.
    """
    seed, settings = job.cell["seed"], job.config["landscape"]
    norm = job.config["threat"]["norm"]
    train = load_samples(dataset, job.config["dataset"], seed)["train"]
    steps = alphas(settings["radius"], settings["points"])
    frames = []
    for cell, line in load_path(weights).items():
        if line.norm == 0:
            continue
        loss = training_loss(train, cell, norm, stream(seed, "random noise"))
        clean = RobustLoss(train.x, train.t, 0.0)
        for direction_seed in settings["direction_seeds"]:
            d = direction(len(line.w), direction_seed) * line.norm
            for attack, margins in _margins(clean, loss, line, d, steps, cell.noise == "random"):
                frames.append(
                    pd.DataFrame(
                        {
                            **cell._asdict(),
                            "seed": seed,
                            "split": "train",
                            "direction": "filter-normalised",
                            "direction_seed": direction_seed,
                            "alpha": steps,
                            "beta": 0.0,
                            "attack": attack,
                            "loss": np.logaddexp(0, -margins).mean(axis=0),
                            "accuracy": (margins > 0).mean(axis=0),
                            "n": len(train.t),
                        }
                    )
                )
    return pd.concat(frames, ignore_index=True)


def direction(dim: int, seed: int) -> np.ndarray:
    """A Gaussian direction of length 1: (dim,) float64."""
    draw = np.random.default_rng(seed).standard_normal(dim)
    return draw / np.linalg.norm(draw)


def scan_margins(loss: RobustLoss, line: Line, d: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Margins at w + alpha d with the noise regenerated: (n, len(steps)).

    Two products with the data serve all alphas, since scores are linear in alpha.
    """
    scores = loss.x @ np.stack([line.w, d], axis=1)
    moved = scores[:, :1] + np.outer(scores[:, 1], steps) + line.b
    order = 2 if loss.norm == "l2" else 1
    norms = np.linalg.norm(line.w[:, None] + np.outer(d, steps), order, axis=0)
    return loss.t[:, None] * moved - loss.radius * norms


def _margins(
    clean: RobustLoss,
    loss: RobustLoss,
    line: Line,
    d: np.ndarray,
    steps: np.ndarray,
    fixed: bool,
) -> Iterator[tuple[str, np.ndarray]]:
    yield "none", scan_margins(clean, line, d, steps)
    if fixed:  # the random arm's noise never moves
        yield "frozen", scan_margins(loss, line, d, steps)
        return
    # the noise of alpha = 0, -e t u, seen by the weights w + alpha d
    frozen_norms = (line.w + np.outer(steps, d)) @ loss.unit(line)
    yield "frozen", scan_margins(clean, line, d, steps) - loss.radius * frozen_norms
    yield "regenerated", scan_margins(loss, line, d, steps)
