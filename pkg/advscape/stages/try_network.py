"""Stage `try` of a network experiment: one network, before the first is trained."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load, save
from torch import nn

from advscape.models.build import naming
from advscape.models.restored import restored
from advscape.models.state import apart
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.run import NetworkRun, load_run, make_network, named
from advscape.training.batches import count_batches
from advscape.trial import checks
from advscape.trial.samples import telling_samples

if TYPE_CHECKING:
    from advscape.study.config.study import NetworkExperiment

_LOG = logging.getLogger("advscape.trial")


def try_network(job: Job[NetworkExperiment], dataset: str | Path) -> list[str]:
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
    for note in notes:
        _LOG.warning("%s", note)
    job.facts["notes"] = notes
    return notes


def _notes(run: NetworkRun, job: Job[NetworkExperiment]) -> list[str]:
    model = run.model
    part, places = telling_samples(run.parts, stream(run.seed, "trial samples"))
    x, y = run.tensors(part)
    checks.finite(model, x, places)
    checks.repeatable(model, x)
    checks.independent(model, x)
    count_batches(model, run.tensors(run.parts["train"])[0], job.sections.training.batch_size)
    notes = []
    with restored([*model.parameters(), *model.buffers()]):
        unused = checks.trainable(model, x, y, run.bfloat16)
        # after a pass in training mode, which moves what a network keeps outside of its state
        checks.same_outputs(model, _made_again(run, job), x)
    if unused:
        _LOG.info("no gradient, as if frozen, and a block of 0 in Hessians: %s", ", ".join(unused))
    checks.attackable(model, x, y)
    problem = checks.curved(model, x, y, in_inputs=run.threat.norm == "l2")
    if problem:
        notes.append(
            "Its Hessians cannot be shown to be right at new weights; where that holds for trained "
            f"ones too, their cells stay empty: {problem}."
        )
    if checks.looks_like_probabilities(model, x):
        notes.append(
            "Its outputs lie in [0, 1] and sum to 1: they look like probabilities, and are taken "
            "for logits. The losses are then those of a softmax of probabilities; leave the "
            "network's own softmax out."
        )
    return notes


def _made_again(run: NetworkRun, job: Job[NetworkExperiment]) -> nn.Module:
    """The run's network as a measuring job makes it, from its state alone."""
    other = make_network(job, run.classes, run.shape, run.device)
    other.load_state_dict(load(save(apart(run.model.state_dict()))))
    return other
