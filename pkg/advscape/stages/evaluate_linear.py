"""Stage `evaluate` of a linear experiment: the closed-form attack, which is the optimal one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from advscape.evaluation.checks import accuracy_falls_with_epsilon, check_rows
from advscape.linear.path import Cell, load_path
from advscape.linear.robust_loss import RobustLoss
from advscape.stages.job import Job
from advscape.stages.linear_samples import load_split
from advscape.tables.rows import rows_of

if TYPE_CHECKING:
    from advscape.study.config.study import LinearExperiment


def evaluate_linear(
    job: Job[LinearExperiment], dataset: str | Path, weights: str | Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Clean and robust loss and accuracy, on train and test, at own and common epsilon.

    Every arm meets the same optimal noise, whatever it was trained with.

    Args:
        job: config sections dataset, threat and evaluation; cell: seed.
        dataset: the prepared dataset.
        weights: the seed's models.

    Returns:
        Rows of robustness.csv and of sanity.csv; of an attack that is exact only the accuracy has
        to be checked.
    """
    seed, common = job.cell["seed"], float(job.sections.evaluation.common_epsilon)
    norm = job.sections.threat.norm
    parts = load_split(job, dataset)
    rows, checks = [], []
    for cell, model in load_path(weights).items():
        for split, samples in parts.items():
            key = {**cell._asdict(), "seed": seed, "split": split, "checkpoint": "last"}
            accuracies = {}
            for epsilon in sorted({0.0, cell.epsilon, common}):
                loss = RobustLoss(samples.x, samples.t, epsilon, norm=norm)
                accuracies[epsilon] = loss.accuracy(model)
                rows.append(
                    {
                        **key,
                        "attack": "closed-form" if epsilon > 0 else "none",
                        "eval_epsilon": epsilon,
                        "box": False,
                        "accuracy": accuracies[epsilon],
                        "loss": loss.data_loss(model),
                        "mean_p1p": loss.mean_p1p(model),
                        "n": len(samples.t),
                    }
                )
            if split == "test" and len(accuracies) > 1:
                check = accuracy_falls_with_epsilon([accuracies], len(samples.t))
                checks += check_rows([check], key)
    return pd.DataFrame(rows), rows_of(checks, [*Cell._fields, "seed"])
