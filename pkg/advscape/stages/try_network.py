"""Stage `try` of a network experiment: one network, before the first is trained."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from advscape.models.build import naming
from advscape.models.restored import restored
from advscape.stages.job import Job
from advscape.stages.run import NetworkRun, load_run, named
from advscape.stages.trial import keep_notes, made_again, try_to_measure
from advscape.training.batches import count_batches, short_batch
from advscape.training.random_state import seeded
from advscape.trial import checks

if TYPE_CHECKING:
    from advscape.study.config.study import TrainedExperiment

_LOG = logging.getLogger("advscape.trial")


def try_network(job: Job[TrainedExperiment], dataset: str | Path) -> list[str]:
    """Try all that training and measuring will ask of a network, on a few samples.

    Args:
        job: config sections dataset, model, threat, training and compute; cell: any run.
        dataset: the prepared dataset.

    Returns:
        What is to be known about the network, in sentences, for the report.

    Raises:
        UserError: something cannot work; one line that says what, and where.
    """
    run = load_run(job, dataset)
    with naming(named(job.sections.model)):
        notes = _notes(run, job)
    keep_notes(job, notes)
    return notes


def _notes(run: NetworkRun, job: Job[TrainedExperiment]) -> list[str]:
    model = run.model
    x, y, notes = try_to_measure(run, job)
    batch_size, n = job.sections.training.batch_size, len(run.parts["train"].y)
    count_batches(model, run.tensors(run.parts["train"])[0], batch_size)
    if (few := short_batch(model, n, batch_size)) is not None:
        notes.append(
            f"An epoch's last batch has {few} samples, of {n} in batches of {batch_size}. Batch "
            "norm weighs their statistics as those of a whole batch, which can ruin the network: "
            "choose another training.batch_size."
        )
    with restored([*model.parameters(), *model.buffers()]):
        unused = checks.trainable(model, x, y, run.bfloat16)
        # after a pass in training mode, which moves what a network keeps outside of its state
        again = made_again(run, job)
        checks.same_outputs(model, again, x)
        checks.same_training(model, again, x, lambda: seeded(run.seed))
    if unused:
        _LOG.info("no gradient, as if frozen, and a block of 0 in Hessians: %s", ", ".join(unused))
    return notes
