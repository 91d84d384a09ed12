"""Stage `train` of a network experiment: one run."""

import time
from pathlib import Path

import pandas as pd
import torch

from advscape.job import Job
from advscape.models.run import load_run
from advscape.models.state import save_weights
from advscape.training.train import Checkpoint, Schedule, train

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def train_network(
    job: Job, dataset: str | Path, weights: str | Path, checkpoint: str | Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train one network and write its weights.

    Args:
        job: config sections dataset, model, threat, training and compute; cell: one run.
        dataset: the prepared dataset.
        weights: where the trained weights are written.
        checkpoint: where the state is kept while it trains.

    Returns:
        The run's row of runs.csv, and its history: one row per epoch.
    """
    started = time.perf_counter()
    run, settings = load_run(job, dataset), job.config["training"]
    x, y = run.tensors(run.parts["train"])
    history = train(
        run.model,
        x,
        y,
        run.attack(settings["attack"]),
        Schedule(
            settings["epochs"],
            settings["batch_size"],
            settings["learning_rate"],
            settings["momentum"],
            settings["weight_decay"],
        ),
        run.seed,
        _PRECISIONS[job.config["compute"]["precision"]],
        Checkpoint(Path(checkpoint), job.key),
    )
    save_weights(run.model, weights)
    row = {
        **run.key,
        "epochs": len(history),
        "train_loss": history[-1]["loss"],
        "weight_norm": weight_norm(run.model),
        "regime": "n/a",
        "wall_s": round(time.perf_counter() - started, 3),
        "device": job.facts["device"],
    }
    return pd.DataFrame([row]), pd.DataFrame(history)


def weight_norm(model: torch.nn.Module) -> float:
    """Euclidean norm of all parameters together."""
    squares = [parameter.detach().double().square().sum() for parameter in model.parameters()]
    return float(torch.stack(squares).sum().sqrt())
