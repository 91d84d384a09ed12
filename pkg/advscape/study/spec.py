"""The one parameter of each job: the part of the config it depends on, its cell, its code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from advscape.models.own_function import find_function
from advscape.references import OWN
from advscape.study.canonical import canonical
from advscape.study.config.model import CustomModel
from advscape.study.config.section import FOR_JOBS, Kind, Section
from advscape.study.config.sharpness import NetworkSharpness
from advscape.study.config.study import LinearExperiment, NetworkExperiment
from advscape.study.fingerprint import fingerprint, module_of

#: sections of an experiment that each stage depends on, beside its cell and its input files
_SECTIONS = {
    # as of training: what runs a trial again trains again anyway
    "try": ("dataset", "model", "threat", "training", "compute"),
    "train": ("dataset", "model", "threat", "training", "compute"),
    "take": ("dataset", "model", "threat", "compute"),
    "evaluate": ("dataset", "model", "threat", "evaluation", "compute"),
    "curvature": ("dataset", "model", "threat", "curvature", "compute"),
    "landscape": ("dataset", "model", "threat", "landscape", "compute"),
    "sharpness": ("dataset", "model", "threat", "sharpness", "compute"),
    "strength": ("dataset", "model", "threat", "evaluation", "sharpness", "compute"),
}
#: what changes no number of these stages: names, places, which jobs there are, and what is read
#: from the landscape's table
_LEFT_OUT = {
    "dataset": {"label"},
    "model": {"label"},
    "compute": {"jobs_per_device", "seeds_per_job"},
    "landscape": {"flatness", "checkpoints"},
    "evaluation": {"checkpoints"},
    "curvature": {"checkpoints"},
    "sharpness": {"checkpoints"},
}


def stage_spec(
    stage: str, experiment: LinearExperiment | NetworkExperiment, code: str, data: str = ""
) -> Callable[..., str]:
    """Parameter of each job that a stage has for one experiment.

    It holds the fingerprints of what its sections are made by (its network, its attacks), and with
    a model of the user's own that of the user's module: the file itself and what that imports from
    this library, not the user's other files.

    Args:
        stage: try, train, take, evaluate, curvature, landscape, sharpness or
            strength.
        experiment: the experiment.
        code: fingerprint of the rule's script.
        data: digest of the dataset's files, see :mod:`advscape.data.digest`.

    Returns:
        A function of the run or runs of a job (epsilon, seed or seeds, noise, ...) that gives JSON
        with sorted keys; :func:`advscape.study.canonical.read` gives the mapping back.
    """
    sections = {
        name: getattr(experiment, name) for name in _SECTIONS[stage] if hasattr(experiment, name)
    }
    config = {
        name: section.model_dump(mode="json", exclude=_LEFT_OUT.get(name), context=FOR_JOBS)
        for name, section in sections.items()
    }
    parts: dict[str, Any] = {"config": config, "code": code, "data": data}
    if stage != "try":  # a trial does not depend on the library's code, see Parameters.trial
        parts["makers"] = {
            found: fingerprint(_file(found)) for found in _makers(list(sections.values()))
        }
    if isinstance(experiment.model, CustomModel):
        parts["model_code"] = fingerprint(find_function(experiment.model.function))
    return lambda **cell: canonical(**parts, cell=cell)


def _file(reference: str) -> Path:
    """File of the module that a reference names, of the library or of somebody else's."""
    return module_of(reference) if OWN.fullmatch(reference) else find_function(reference)


def _makers(value: object) -> Iterator[str]:
    """What the sections of a job are made by, wherever they stand in its config."""
    if isinstance(value, list):
        for inner in value:
            yield from _makers(inner)
    if isinstance(value, Kind):
        yield value.made_by
    if isinstance(value, NetworkSharpness):
        yield from (together.made_by for together in value.functions)
    if isinstance(value, Section):
        for name in type(value).model_fields:
            yield from _makers(getattr(value, name))
