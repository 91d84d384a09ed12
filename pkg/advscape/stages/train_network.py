"""Stage `train` of a network experiment: one run."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from advscape.evaluation.evaluate import score
from advscape.machine.processor import bfloat16_flags
from advscape.models.state import save_weights, weight_norm
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.recipe import build_recipe
from advscape.stages.run import NetworkRun, load_run
from advscape.training.checkpoint import Checkpoint
from advscape.training.monitor import Monitor
from advscape.training.other_machine import perturb_initial_weights
from advscape.training.snapshot_epochs import snapshot_epochs
from advscape.training.snapshots import Snapshots
from advscape.training.train import train

if TYPE_CHECKING:
    from advscape.study.config.study import TrainedExperiment
    from advscape.study.config.training import NetworkTraining

_LOG = logging.getLogger("advscape.training")


def train_network(
    job: Job[TrainedExperiment],
    dataset: str | Path,
    weights: str | Path,
    best: str | Path,
    checkpoint: str | Path,
    checkpoints: str | Path,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train one network and write its weights.

    Args:
        job: config sections dataset, model, threat, training and compute; cell: one run.
        dataset: the prepared dataset.
        weights: where the weights of the last epoch are written.
        best: where those of the best epoch are written; without validation samples, of the last.
        checkpoint: where the state is kept while it trains.
        checkpoints: folder of the other weights: snapshots, and the averaged ones.

    Returns:
        The run's row of runs.csv, and its history: one row per epoch.
    """
    started = time.perf_counter()
    run, settings = load_run(job, dataset), job.sections.training
    _doubt_precision(run)
    for split, part in run.parts.items():  # before hours are spent, not after
        score(run.model, *run.tensors(part), settings.batch_size, f"{split} images")
    if (change := settings.initial_perturbation) is not None:
        draw = stream(run.seed, f"initial perturbation {change.seed}")
        perturb_initial_weights(run.model, change.size, draw)
    recipe = build_recipe(run, settings, job.sections.compute)
    kept = Checkpoint(checkpoint, job.key)
    asked, epochs = settings.snapshots, settings.epochs
    kept_after = [] if asked is None else snapshot_epochs(asked.every, asked.epochs, epochs)
    snapshots = Snapshots(checkpoints, kept_after)
    if job.anew:
        kept.remove()
    found = train(
        run.model,
        *run.tensors(run.parts["train"]),
        recipe,
        run.seed,
        kept,
        _monitor(run, settings),
        snapshots,
    )
    save_weights(run.model.state_dict(), weights)
    epoch = found.best_epoch or len(found.history)
    save_weights(found.best or run.model.state_dict(), best, {"epoch": str(epoch)})
    snapshots.finish({"averaged": found.averaged})
    kept.remove()
    objective = settings.objective.name
    row = {
        **run.key,
        "epochs": len(found.history),
        "best_epoch": found.best_epoch,
        "objective": "standard" if objective == "at" and run.threat.epsilon == 0 else objective,
        "train_loss": found.history[-1]["loss"],
        "weight_norm": weight_norm(run.model),
        "regime": "n/a",
        "wall_s": round(time.perf_counter() - started, 3),
        "device": job.facts["device"],
    }
    history = pd.DataFrame([run.key | record for record in found.history])
    return pd.DataFrame([row]), history


def _doubt_precision(run: NetworkRun) -> None:
    """Say where bfloat16 costs time: it saves some only where the CPU has arithmetic for it."""
    if run.bfloat16 and run.device.type == "cpu" and bfloat16_flags() == []:
        _LOG.warning(
            "compute.precision: bfloat16 on a CPU without arithmetic for it (AMX or AVX-512 BF16); "
            "float32 would be faster here: on one such CPU bfloat16 trained 0.8 times as fast"
        )


def _monitor(run: NetworkRun, settings: NetworkTraining) -> Monitor:
    """Measure validation samples, where there are any, and test samples under training's attack."""
    parts = {
        split: run.tensors(part.subset(settings.monitor.samples, stream(run.seed, "monitor")))
        for split, part in run.parts.items()
        if split != "train"
    }
    return Monitor(
        parts,
        run.attack(settings.attack),
        stream(run.seed, "monitor attack"),
        settings.monitor.every,
        settings.batch_size,
        run.bfloat16,
    )
