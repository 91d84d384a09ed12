"""Stage `evaluate` of a network experiment: attacks at own and common epsilon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from torch import Tensor, nn

from advscape.evaluation.checks import check_rows, errors_against_guess, published_accuracy
from advscape.stages.attack_sanity import sanity
from advscape.stages.job import Job
from advscape.stages.judge import Judgement, judgements
from advscape.stages.run import KEY, NetworkRun, load_run
from advscape.tables.rows import rows_of

if TYPE_CHECKING:
    from advscape.study.config.evaluation import NetworkEvaluation
    from advscape.study.config.study import NetworkExperiment

Rows = list[dict[str, Any]]


def evaluate_network(
    job: Job[NetworkExperiment],
    dataset: str | Path,
    weights: str | Path,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Clean and robust loss and accuracy, on train and test, with the same attacks.

    Args:
        job: config sections dataset, model, threat, evaluation and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of robustness.csv and of sanity.csv.
    """
    run, settings = load_run(job, dataset, weights), job.sections.evaluation
    samples = {
        split: run.samples(split, settings.samples, f"evaluation samples, {split}")
        for split in ("train", "test")
    }
    rows, checks = judge(run, run.model, settings, samples)
    checks += _against_guess(rows, samples["train"][1])
    expect = job.cell.get("expect", {}).get(str(run.seed))
    if expect is not None:
        checks += _expected(rows, expect, len(run.parts["test"]))
    return pd.DataFrame(rows), rows_of(checks, run.key)


def judge(
    run: NetworkRun,
    model: nn.Module,
    settings: NetworkEvaluation,
    samples: dict[str, tuple[Tensor, Tensor]],
) -> tuple[Rows, Rows]:
    """Judge a run's network, and the judges on its test samples.

    Args:
        run: gives the key columns, the threat model and the seed.
        model: the network; left as it was.
        settings: the config's section evaluation.
        samples: inputs and labels of train and test, on the device.

    Returns:
        Rows of robustness.csv and of sanity.csv.
    """
    rows, checks = [], []
    for split, (x, y) in samples.items():
        key = {**run.key, "split": split}
        judged = list(judgements(run, model, settings, x, y, f"{split} images"))
        rows += [key | _columns(verdict, run.threat.box) for verdict in judged]
        if split == "test":
            checks += check_rows(sanity(run, model, settings, x, y, judged), key)
    return rows, checks


def _expected(rows: Rows, expect: Mapping[str, float], total: int) -> Rows:
    """The clean accuracy on test samples beside the one that was published."""
    row = _clean(rows, "test")
    check = published_accuracy(
        row["accuracy"], expect["accuracy"], expect["within"], row["n"], total
    )
    return check_rows([check], _key(row))


def _against_guess(rows: Rows, labels: Tensor) -> Rows:
    """Whether the network has learnt anything of its training samples."""
    row = _clean(rows, "train")
    return check_rows(errors_against_guess(row["accuracy"], labels.tolist()), _key(row))


def _clean(rows: Rows, split: str) -> dict[str, Any]:
    return next(row for row in rows if row["split"] == split and row["eval_epsilon"] == 0)


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in (*KEY, "checkpoint", "split") if name in row}


def _columns(verdict: Judgement, box: bool) -> dict[str, Any]:
    section, means = verdict.section, verdict.scores.means()
    columns = {
        "attack": verdict.attack,
        "eval_epsilon": verdict.epsilon,
        "box": box,
        "steps": getattr(section, "steps", None),
        "restarts": getattr(section, "restarts", None),
        "components": ", ".join(verdict.components),
        "accuracy": means.accuracy,
        "n": means.n,
    }
    if verdict.attack == "autoattack":
        # it leaves the samples that it cannot fool alone: a mean of their losses is not robust
        return columns
    return columns | {"loss": means.loss, "mean_p1p": means.mean_p1p}
