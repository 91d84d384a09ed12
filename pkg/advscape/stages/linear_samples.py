"""The samples of a linear experiment's job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from advscape.linear.data import Samples, load_samples
from advscape.stages.job import Job

if TYPE_CHECKING:
    from advscape.study.config.study import LinearExperiment


def load_split(job: Job[LinearExperiment], dataset: str | Path) -> dict[str, Samples]:
    """Train and test samples of the job's seed.

    Args:
        job: config section dataset; cell: seed.
        dataset: the prepared dataset.
    """
    section = job.sections.dataset
    return load_samples(dataset, section.classes, section.test_fraction, job.cell["seed"])
