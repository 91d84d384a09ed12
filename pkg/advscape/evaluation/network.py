"""Stage `evaluate` of a network experiment: PGD at own and common epsilon."""

from pathlib import Path
from typing import Any

import pandas as pd

from advscape.evaluation.evaluate import perturb, score
from advscape.job import Job
from advscape.models.run import load_run
from advscape.seeds import stream


def evaluate_network(job: Job, dataset: str | Path, weights: str | Path) -> pd.DataFrame:
    """Clean and robust loss and accuracy, on train and test, with the same attack.

    Args:
        job: config sections dataset, model, threat, evaluation and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of robustness.csv.
    """
    run, settings = load_run(job, dataset, weights), job.config["evaluation"]
    attack_seed = stream(run.seed, "evaluation attack")
    size = settings["batch_size"]
    rows = []
    for split, part in run.parts.items():
        x, y = run.tensors(part)
        for epsilon in sorted({0.0, run.threat.epsilon, float(settings["common_epsilon"])}):
            for section in settings["attacks"][: 1 if epsilon == 0 else None]:
                attack = run.attack(section, epsilon)
                perturbed = perturb(run.model, x, y, attack, attack_seed, size)
                result = score(run.model, perturbed, y, size)
                key = {**run.key, "split": split, "checkpoint": "last", "eval_epsilon": epsilon}
                rows.append(key | _attack_columns(section, epsilon, run.threat.box) | {
                    "accuracy": result.accuracy,
                    "loss": result.loss,
                    "mean_p1p": result.mean_p1p,
                    "n": result.n,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _attack_columns(settings: dict[str, Any], epsilon: float, box: bool) -> dict[str, Any]:
    if epsilon == 0:
        return {"attack": "none", "box": box}
    return {
        "attack": settings["name"],
        "box": box,
        "steps": settings.get("steps"),
        "restarts": settings.get("restarts"),
    }
