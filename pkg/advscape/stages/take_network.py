"""Stage `take` of a network experiment: a network that is already trained, from its user's file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from advscape.data.digest import file_digests
from advscape.data.prepared import Prepared
from advscape.errors import UserError
from advscape.models.build import naming
from advscape.models.state import save_weights, weight_norm
from advscape.stages.given import check_labels, load_given
from advscape.stages.job import Job
from advscape.stages.run import load_run, named
from advscape.stages.trial import keep_notes, made_again, try_to_measure
from advscape.trial import checks

if TYPE_CHECKING:
    from advscape.study.config.study import GivenExperiment


def take_network(
    job: Job[GivenExperiment], dataset: str | Path, weights: str | Path
) -> pd.DataFrame:
    """Read a network's weights from a file, match them with the network, and try it.

    Args:
        job: config sections dataset, model, threat and compute; cell: one run, and its file.
        dataset: the prepared dataset.
        weights: where they are written, under the network's own names.

    Returns:
        The run's row of runs.csv.

    Raises:
        UserError: the file has changed since the study was planned, cannot be read, or does not
            hold this network's weights; or the network cannot be measured.
    """
    place = Path(job.cell["place"])
    run = load_run(job, dataset)
    check_labels(Prepared.load(dataset), job)
    load_given(run.model, job)
    if file_digests([place], cache=None)[place] != job.cell["digest"]:
        raise UserError(f"{place} has changed since the study was planned; start again")
    with naming(named(job.sections.model)):
        x, _, notes = try_to_measure(run, job)
        checks.same_outputs(run.model, made_again(run, job), x)
    keep_notes(job, notes)
    save_weights(run.model.state_dict(), weights)
    row = {
        **run.key,
        "weight_norm": weight_norm(run.model),
        "regime": "n/a",
        "device": job.facts["device"],
        "file": job.cell["file"],
        "digest": _sha256(place),
        "attack_epsilon": run.threat.epsilon,
    }
    return pd.DataFrame([row])


def _sha256(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
