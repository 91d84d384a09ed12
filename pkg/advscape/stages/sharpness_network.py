"""Stage `sharpness` of a network experiment: rises of the loss at moved weights."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.evaluation.evaluate import score
from advscape.machine.progress import track
from advscape.references import imported
from advscape.seeds import stream
from advscape.sharpness.network import Found, TrainedNetwork
from advscape.stages.job import Job
from advscape.stages.record import make
from advscape.stages.run import NetworkRun, load_run

if TYPE_CHECKING:
    from advscape.study.config.sharpness import NetworkSharpness
    from advscape.study.config.study import NetworkExperiment

_LOG = logging.getLogger("advscape.sharpness")


def sharpness_network(
    job: Job[NetworkExperiment], dataset: str | Path, weights: str | Path
) -> pd.DataFrame:
    """Every measure of sharpness that the config asks for.

    Over all parameters that are trained, mean over the samples, eval mode, float32, no weight
    decay. The adversarial loss is at the noise of the weights as they are, but for Stutz et al.'s
    robust flatness, which attacks the moved weights again.

    Args:
        job: config sections dataset, model, threat, sharpness and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of sharpness.csv.
    """
    run, settings = load_run(job, dataset, weights), job.sections.sharpness
    networks = {split: prepared(run, settings, split) for split in settings.splits}
    tasks = [(split, together) for split in networks for together in settings.functions]
    rows = []
    for split, together in track(tasks, len(tasks), "sharpness"):
        options = {key: getattr(settings, key) for key in together.settings}
        measure = imported(together.made_by)
        for found in measure(networks[split], together.measures, **options):
            rows += _rows(run, split, found)
    return pd.DataFrame(rows)


def prepared(run: NetworkRun, settings: NetworkSharpness, split: str) -> TrainedNetwork:
    """The run's network with samples of a split, attacked."""
    x, y = run.samples(split, settings.samples, f"sharpness samples, {split}")
    attack: PGD = make(settings.attack, run.threat)
    seed = stream(run.seed, "sharpness attack")
    perturbed = perturb(run.model, x, y, attack, seed, settings.batch_size)
    # at the trained weights; at moved ones a value that is not finite is an empty cell
    for inputs, what in ((x, split), (perturbed, f"attacked {split}")):
        score(run.model, inputs, y, settings.batch_size, f"{what} images")

    def generator(name: str) -> torch.Generator:
        draw = stream(settings.seed, f"sharpness, {name}")
        return torch.Generator(run.device).manual_seed(draw)

    return TrainedNetwork(
        run.model, x, y, perturbed, attack, seed, tuple(settings.losses), settings.batch_size,
        generator,
    )  # fmt: skip


def _rows(run: NetworkRun, split: str, found: Found) -> list[dict[str, Any]]:
    """A row for each loss."""
    value = found.sharpness.value
    at = "" if found.radius is None else f", {found.ball} {found.radius:g}"
    _LOG.info("%s, %s%s: %.5g", split, found.measure, at, value)
    if math.isnan(value):
        _LOG.warning("an empty cell: not finite at these weights or near them")
    return [
        {
            **run.key,
            "split": split,
            "loss": loss,
            "measure": found.measure,
            "ball": found.ball,
            "radius": found.radius,
            **vars(found.sharpness),
        }
        for loss in found.losses
    ]
