"""The one parameter of each job: the part of the config it depends on, its cell, its code."""

from typing import Any

from advscape.study.canonical import canonical
from advscape.study.config import LinearExperiment, NetworkExperiment

#: sections of an experiment that each stage depends on, beside its cell and its input files
_SECTIONS = {
    "train": ("dataset", "model", "threat", "training", "compute"),
    "evaluate": ("dataset", "model", "threat", "evaluation", "compute"),
    "curvature": ("dataset", "model", "threat", "curvature", "compute"),
    "landscape": ("dataset", "model", "threat", "landscape", "compute"),
}
#: what only names or files a dataset, and changes no number
_DISPLAY = {"dataset": {"label"}}


def stage_spec(
    stage: str, experiment: LinearExperiment | NetworkExperiment, code: str, **cell: Any
) -> str:
    """Parameter of a job of one experiment.

    Args:
        stage: train, evaluate, curvature or landscape.
        experiment: the experiment.
        code: fingerprint of the rule's script.
        **cell: the run or runs of the job: epsilon, seed, noise.

    Returns:
        JSON with sorted keys; :func:`advscape.study.canonical.read` gives the mapping back.
    """
    config = {
        name: getattr(experiment, name).model_dump(mode="json", exclude=_DISPLAY.get(name))
        for name in _SECTIONS[stage]
        if hasattr(experiment, name)
    }
    return canonical(config=config, cell=cell, code=code)
