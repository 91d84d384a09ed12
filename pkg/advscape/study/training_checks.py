"""What a training's keys have to be with regard to each other, in every variant."""

from math import floor

from pydantic import ValidationError

from advscape.errors import ConfigError, shown
from advscape.landscape.catalogue import DIRECTIONS
from advscape.study.config.states import Measured
from advscape.study.config.study import (
    GivenExperiment,
    NetworkExperiment,
    Study,
    TrainedExperiment,
)
from advscape.study.config.training import NetworkTraining
from advscape.study.config.variant import BASE
from advscape.study.problems import first_problem

#: the stages that measure weights, by their key
MEASURING = ("evaluation", "curvature", "landscape", "sharpness")
#: of experiments and variants, which are folders
OWN_NAME = "a name of its own, whatever its case, which some file systems do not tell apart"


def check_variants(study: Study) -> None:
    """Every variant must be a training, and another one.

    Raises:
        ConfigError: it is not.
    """
    for i, experiment in enumerate(study.experiments):
        if not isinstance(experiment, TrainedExperiment):
            continue
        known: dict[str, NetworkTraining] = {BASE: experiment.training}
        for j, variant in enumerate(experiment.variants):
            at = f"experiments[{i}].variants[{j}]"
            if variant.name.lower() in [name.lower() for name in known]:
                raise ConfigError(f"{at}.name", shown(variant.name), OWN_NAME)
            training = _merged(study, i, variant.training, f"{at}.training")
            same = next((name for name, other in known.items() if other == training), None)
            if same is not None:
                raise ConfigError(
                    f"{at}.training",
                    shown(variant.training),
                    f"keys that change something: this is the training of {same}",
                )
            known[variant.name] = training


def _merged(study: Study, i: int, keys: dict[str, object], at: str) -> NetworkTraining:
    """The experiment's training with a variant's keys.

    Raises:
        ConfigError: it is none, in the words of the variant's keys.
    """
    raw = study.model_dump(exclude_unset=True)
    raw["experiments"][i]["training"].update(keys)
    try:
        found = Study.model_validate(raw).experiments[i]
    except ValidationError as error:
        problem = first_problem(error)
        key = problem.key.replace(f"experiments[{i}].training", at)
        raise ConfigError(key, problem.got, problem.allowed) from None
    assert isinstance(found, TrainedExperiment)
    return found.training


def check_training(at: str, experiment: TrainedExperiment) -> None:
    """Of every variant: its attack, its snapshots, its average.

    Raises:
        ConfigError: one of them does not fit the others.
    """
    for j, training in enumerate(experiment.trainings.values()):
        here = f"{at}.training" if j == 0 else f"{at}.variants[{j - 1}].training"
        if training.objective.name == "trades" and training.attack.name != "pgd":
            raise ConfigError(
                f"{here}.attack.name",
                shown(training.attack.name),
                "pgd, since trades attacks a divergence of its own",
            )
        asked = training.snapshots
        latest = 0 if asked is None else max([asked.every or 0, *(asked.epochs or ())])
        if latest > training.epochs:
            raise ConfigError(
                f"{here}.snapshots", shown(latest), f"1 to {training.epochs}, the epochs of the run"
            )
        start = None if training.averaging is None else training.averaging.start
        if start is not None and training.epochs - floor(start * training.epochs) < 2:
            raise ConfigError(
                f"{here}.averaging.swa.from",
                shown(start),
                f"a share of the {training.epochs} epochs after which two or more are left",
            )


def check_measured(at: str, experiment: NetworkExperiment) -> None:
    """What a stage is to measure must be there.

    Raises:
        ConfigError: it is not.
    """
    for stage in MEASURING:
        section: Measured = getattr(experiment, stage)
        if section.checkpoints is not None and "last" not in section.checkpoints:
            raise ConfigError(
                f"{at}.{stage}.checkpoints",
                shown(section.checkpoints),
                "last among others, which most figures and all claims are about",
            )
        for j, wanted in enumerate(section.checkpoints or ()):
            allowed = _why_not(wanted, experiment)
            if allowed is not None:
                raise ConfigError(f"{at}.{stage}.checkpoints[{j}]", shown(wanted), allowed)
    landscape, curvature = experiment.landscape, experiment.curvature
    others = [wanted for wanted in landscape.checkpoints if wanted != "last"]
    to_states = [kind for kind in landscape.directions if not DIRECTIONS[kind].of_weights]
    if others and to_states:
        raise ConfigError(
            f"{at}.landscape.checkpoints",
            shown(others[0]),
            f"last alone, since lines to other weights ({to_states[0]}) begin there",
        )
    lacking = [wanted for wanted in others if wanted not in curvature.checkpoints]
    if lacking and landscape.eigenvectors:
        raise ConfigError(
            f"{at}.landscape.checkpoints",
            shown(lacking[0]),
            "those of curvature.checkpoints, since the landscape goes along its eigenvectors",
        )


def _why_not(wanted: str | int, experiment: NetworkExperiment) -> str | None:
    """What is allowed in the place of weights that no run of an experiment has."""
    if wanted == "last":
        return None
    if isinstance(experiment, GivenExperiment):
        return "last: the networks of checkpoints are measured as they are"
    assert isinstance(experiment, TrainedExperiment)
    trainings = experiment.trainings.values()
    if wanted == "best":
        if experiment.dataset.validation_fraction is None:
            return (
                "last, averaged or snapshots, unless dataset.validation_fraction is given to find "
                "the best epoch"
            )
        return None
    if wanted == "averaged":
        if all(training.averaging is None for training in trainings):
            return "last, best or snapshots, unless training.averaging is given"
        return None
    kept = sorted({epoch for training in trainings for epoch in training.snapshot_epochs})
    if not kept:
        return "last, best or averaged, unless training.snapshots is given"
    if wanted != "snapshots" and wanted not in kept:
        return f"{', '.join(map(str, kept))}, the epochs of training.snapshots"
    return None
