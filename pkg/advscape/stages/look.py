"""A look at files of weights before any job runs: ``python -m advscape.stages.look``.

From standard input it reads JSON, the data root and for each file its key in the config and the
specification that its job would have; it writes the first problem, or nothing.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from advscape.data.catalogue import DATASETS
from advscape.data.prepared import Prepared
from advscape.data.sources import load_source
from advscape.data.split import labels_kept
from advscape.errors import UserError
from advscape.stages.given import check_labels, load_given
from advscape.stages.job import Job
from advscape.stages.run import make_network

if TYPE_CHECKING:
    from advscape.study.config.study import GivenExperiment


def first_problem(files: list[dict[str, Any]], root: Path) -> str:
    """One line on the first file that does not fit its network, or an empty text.

    Networks are made once for each model and dataset. Files whose dataset is still to be downloaded
    are left to their jobs.

    Args:
        files: for each ``at``, its key in the config, and ``spec``, its job's.
        root: the data root.
    """
    data: dict[str, Prepared | None] = {}
    models: dict[str, torch.nn.Module] = {}
    for file in files:
        job: Job[GivenExperiment] = Job(file["spec"])
        dataset, model = (json.dumps(job.config[name]) for name in ("dataset", "model"))
        if dataset not in data:
            data[dataset] = _there(job, root)
        samples = data[dataset]
        if samples is None:
            continue
        at = file["at"]
        try:
            check_labels(samples, job)
            if dataset + model not in models:
                at = f"{at.split('.')[0]}.model"
                classes = len(labels_kept(samples, job.sections.dataset.classes))
                shape = samples.images.shape[1:]
                models[dataset + model] = make_network(job, classes, shape, torch.device("cpu"))
                at = file["at"]
            load_given(models[dataset + model], job)
        except UserError as error:
            return f"config: {at}: {error}"
    return ""


def _there(job: Job[GivenExperiment], root: Path) -> Prepared | None:
    """The dataset, where its files are there and hold one: its own job says what is wrong."""
    section = job.sections.dataset
    given = {key: getattr(section, key) for key in DATASETS[section.name].options}
    options = {key: value for key, value in given.items() if value is not None}
    try:
        return load_source(section.name, section.path, root, download=False, options=options)
    except UserError:
        return None


if __name__ == "__main__":
    logging.disable()
    asked = json.load(sys.stdin)
    sys.stdout.write(first_problem(asked["files"], Path(asked["root"])))
