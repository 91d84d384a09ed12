"""What every network is tried with, whether it is still to be trained or is already."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetensors.torch import load, save
from torch import Tensor, nn

from advscape.models.check import has_eigenvalues
from advscape.models.state import apart
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.run import NetworkRun, make_network
from advscape.trial import checks
from advscape.trial.samples import telling_samples

if TYPE_CHECKING:
    from advscape.study.config.study import NetworkExperiment

_LOG = logging.getLogger("advscape.trial")


def try_to_measure(
    run: NetworkRun, job: Job[NetworkExperiment]
) -> tuple[Tensor, Tensor, list[str]]:
    """Try all that measuring will ask of a network, on a few samples.

    Args:
        run: gives the network, with the weights that it is tried with, and the samples.
        job: its resources say how many eigenvalues will be asked for.

    Returns:
        The samples' inputs and labels, and what is to be known about the network, in sentences.

    Raises:
        UserError: something cannot work; one line that says what.
    """
    model = run.model
    part, places = telling_samples(run.parts, stream(run.seed, "trial samples"))
    x, y = run.tensors(part)
    has_eigenvalues(model, job.eigenvalues)
    checks.finite(model, x, places)
    checks.repeatable(model, x)
    checks.independent(model, x)
    checks.attackable(model, x, y)
    checks.attached(model, x)
    notes = []
    if not checks.follows_slope(model, x, y):
        notes.append(
            "The gradient in its inputs is not the slope of its loss, as behind a straight-through "
            "estimator, detach or numpy. Attacks follow it: they can be weak, and what are called "
            "maxima are none of the loss."
        )
    problem = checks.curved(model, x, y)
    if problem:
        notes.append(
            "Its Hessians cannot be shown to be right at new weights; where that holds for trained "
            f"ones too, their cells stay empty: {problem}."
        )
    if checks.looks_like_probabilities(model, x):
        notes.append(
            "All its outputs lie in [0, 1]: they look like probabilities, and are taken for "
            "logits. The losses are then those of a softmax of probabilities; leave the network's "
            "own softmax or sigmoid out."
        )
    return x, y, notes


def made_again(run: NetworkRun, job: Job[NetworkExperiment]) -> nn.Module:
    """The run's network as a measuring job makes it, from its state alone."""
    other = make_network(job, run.classes, run.shape, run.device)
    other.load_state_dict(load(save(apart(run.model.state_dict()))))
    return other


def keep_notes(job: Job[NetworkExperiment], notes: Sequence[str]) -> None:
    """Write notes to the log, and into the job's record, where the report finds them."""
    for note in notes:
        _LOG.warning("%s", note)
    job.facts["notes"] = list(notes)
