"""The figures of a study: the rules that draw them are made from here. It imports nothing heavy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from advscape.study.config.study import (
    LinearExperiment,
    NetworkExperiment,
    TrainedExperiment,
)

Experiment = LinearExperiment | NetworkExperiment


def _always(experiments: Sequence[Experiment]) -> bool:
    return True


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        function: ``module:name`` of what draws it. It is called with the tables, in their order,
            and by name with the ``arguments``; it gives :class:`advscape.figures.style.Drawn`.
        tables: those that it is drawn from; an experiment's figure gets that experiment's rows.
        where_there: further ones, which it gets where the study has them.
        checkpoints: weights whose rows it is drawn from: the last, or all.
        of_several_epochs: whether it needs networks that are judged at several epochs.
        category: of the report.
        arguments: which of ``title``, ``norm``, ``network`` (whether the experiment is one of
            networks) and ``momentum`` (of its training) the function takes.
        of: one for each "experiment", or one for the "study".
        wanted: whether there is such a figure of some experiments: of one, or of all.
        label: what the report calls the experiment of a study's figure.
        caption: file of its caption in the report; workflow/report/<name>.rst unless given.
    """

    function: str
    tables: tuple[str, ...]
    category: str
    arguments: tuple[str, ...] = ()
    of: Literal["experiment", "study"] = "experiment"
    wanted: Callable[[Sequence[Experiment]], bool] = _always
    label: str = "{experiment}"
    caption: str | None = None
    where_there: tuple[str, ...] = ()
    checkpoints: Literal["last", "all"] = "last"
    of_several_epochs: bool = False

    def values(self, experiment: Experiment) -> dict[str, Any]:
        """The arguments of an experiment's figure."""
        every = {
            "title": experiment.display_title,
            "norm": experiment.threat.norm,
            "network": isinstance(experiment, NetworkExperiment),
            "momentum": _momentum(experiment),
        }
        return {name: every[name] for name in self.arguments}


def _momentum(experiment: Experiment) -> float | None:
    """Of SGD, where that trains an experiment's networks."""
    if not isinstance(experiment, TrainedExperiment):
        return None
    by_sgd = experiment.training.objective.name != "entropy_sgd"
    return experiment.training.momentum if by_sgd else 0.0


def _has_plane(experiments: Sequence[Experiment]) -> bool:
    return any(experiment.landscape.plane is not None for experiment in experiments)


def _has_networks(experiments: Sequence[Experiment]) -> bool:
    return any(isinstance(experiment, NetworkExperiment) for experiment in experiments)


def _has_spectrum(experiments: Sequence[Experiment]) -> bool:
    return any(
        isinstance(experiment, NetworkExperiment) and experiment.curvature.spectrum is not None
        for experiment in experiments
    )


def _is_trained(experiments: Sequence[Experiment]) -> bool:
    return any(isinstance(experiment, TrainedExperiment) for experiment in experiments)


def _is_linear(experiments: Sequence[Experiment]) -> bool:
    return any(isinstance(experiment, LinearExperiment) for experiment in experiments)


def _has_regimes(experiments: Sequence[Experiment]) -> bool:
    """Whether linear experiments differ in weight decay or stopping time."""
    trainings = [e.training for e in experiments if isinstance(e, LinearExperiment)]
    return any(training != trainings[0] for training in trainings)


#: by name
FIGURES: dict[str, Figure] = {
    "curvature": Figure(
        "advscape.figures.curvature:curvature_figure",
        ("curvature", "runs"), "Curvature", ("title", "norm"), where_there=("finite_scale",),
    ),
    "spectrum": Figure(
        "advscape.figures.spectrum:spectrum_figure",
        ("spectrum", "eigenvalues"), "Curvature", ("title", "norm"), wanted=_has_spectrum,
    ),
    "layers": Figure(
        "advscape.figures.layers:layers_figure",
        ("layers",), "Curvature", ("title", "norm"), wanted=_has_networks,
    ),
    "history": Figure(
        "advscape.figures.history:history_figure",
        ("history",), "Training", ("title", "norm"), wanted=_is_trained,
    ),
    "along": Figure(
        "advscape.figures.along:along_figure",
        ("robustness", "curvature", "sharpness", "runs"), "Training", ("title", "momentum"),
        wanted=_has_networks, where_there=("history",), checkpoints="all", of_several_epochs=True,
    ),
    "landscape": Figure(
        "advscape.figures.landscape:landscape_figure",
        ("landscape",), "Landscapes", ("title", "network"),
    ),
    "plane": Figure(
        "advscape.figures.plane:plane_figure",
        ("landscape",), "Landscapes", ("title", "network"), wanted=_has_plane,
    ),
    "robustness": Figure(
        "advscape.figures.robustness:robustness_figure",
        ("robustness",), "Robustness", ("title", "norm"),
    ),
    "sharpness": Figure(
        "advscape.figures.sharpness:sharpness_figure",
        ("sharpness",), "Sharpness", ("title", "norm"), wanted=_has_networks,
    ),
    "theorem": Figure(
        "advscape.figures.theorem:theorem_figure",
        (), "Curvature", of="study", wanted=_is_linear, label="one sample",
    ),
    "regimes": Figure(
        "advscape.figures.regimes:regimes_figure",
        ("curvature", "runs"), "Curvature", of="study", wanted=_has_regimes, label="all",
    ),
}  # fmt: skip
