"""A network that is already trained: its weights, and whether its logits are the data's classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from advscape.data.prepared import Prepared
from advscape.data.split import labels_kept
from advscape.errors import UserError
from advscape.models.fit import fitted
from advscape.models.state_file import read_state
from advscape.stages.job import Job
from advscape.stages.run import named

if TYPE_CHECKING:
    from advscape.study.config.study import GivenExperiment


def load_given(model: nn.Module, job: Job[GivenExperiment]) -> None:
    """Give a network the weights of the job's file.

    Args:
        model: of the job.
        job: cell: place, key and prefix.

    Raises:
        UserError: they cannot be read, or are another network's.
    """
    place = job.cell["place"]
    state = read_state(place, job.cell["key"])
    try:
        model.load_state_dict(fitted(model, state, job.cell["prefix"]))
    except UserError as error:
        name = named(job.sections.model)
        raise UserError(f"{place} does not fit the model {name}: {error}") from error


def check_labels(data: Prepared, job: Job[GivenExperiment]) -> None:
    """See that labels can be the places of logits of a network that somebody else trained.

    Raises:
        UserError: they are not 0, 1, ..., and the config does not say their order.
    """
    kept = labels_kept(data, job.sections.dataset.classes)
    if job.sections.dataset.classes is None and kept != list(range(len(kept))):
        raise UserError(
            f"dataset.classes: got nothing, and the labels are {', '.join(map(str, kept[:8]))}"
            f"{', ...' if len(kept) > 8 else ''}; allowed: the labels in the order of the "
            "network's logits"
        )
