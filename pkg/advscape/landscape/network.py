"""Stage `landscape` of a network experiment: the attack regenerated at every point."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from torch import Tensor

from advscape.evaluation.evaluate import Score, perturb, score
from advscape.job import Job
from advscape.landscape.directions import filter_normalised
from advscape.landscape.grid import alphas
from advscape.landscape.scan import scan
from advscape.models.run import NetworkRun, load_run
from advscape.progress import track
from advscape.seeds import stream


def landscape_network(job: Job, dataset: str | Path, weights: str | Path) -> pd.DataFrame:
    """Scan the loss along filter-normalised directions: clean, frozen noise, regenerated noise.

    Args:
        job: config sections dataset, model, threat, landscape and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of landscape.csv.
    """
    run, settings = load_run(job, dataset, weights), job.config["landscape"]
    x, y = run.samples("train", settings["samples"], "landscape samples")
    attack, size = run.attack(settings["attack"]), settings["batch_size"]
    attack_seed = stream(run.seed, "landscape attack")

    def attacked() -> Tensor:
        return perturb(run.model, x, y, attack, attack_seed, size)

    def measure(frozen: Tensor) -> dict[str, Score]:
        inputs = {"none": x, "frozen": frozen, "regenerated": attacked()}
        return {name: score(run.model, each, y, size) for name, each in inputs.items()}

    held = attacked()
    return _scan_all(run, settings, lambda: measure(held))


def _scan_all(run: NetworkRun, settings: dict, measure: Callable[[], dict]) -> pd.DataFrame:
    steps = alphas(settings["radius"], settings["points"]).tolist()
    points = (
        (seed, alpha, scores)
        for seed in settings["direction_seeds"]
        for alpha, scores in scan(run.model, filter_normalised(run.model, seed), steps, measure)
    )
    rows = [
        {
            **run.key,
            "split": "train",
            "direction": "filter-normalised",
            "direction_seed": seed,
            "alpha": alpha,
            "beta": 0.0,
            "attack": attack,
            "loss": result.loss,
            "accuracy": result.accuracy,
            "n": result.n,
        }
        for seed, alpha, scores in track(
            points, len(steps) * len(settings["direction_seeds"]), "landscape"
        )
        for attack, result in scores.items()
    ]
    return pd.DataFrame(rows)
