"""What keys of a config have to be with regard to each other."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from advscape.data.catalogue import DATASETS
from advscape.errors import ConfigError, shown
from advscape.landscape.catalogue import DIRECTIONS
from advscape.models.architectures import one_of, torchvision_architectures
from advscape.models.own_function import keywords
from advscape.study.claim_checks import resolved
from advscape.study.config.model import CustomModel, ModelSection, TimmModel, TorchvisionModel
from advscape.study.config.study import (
    GivenExperiment,
    LinearExperiment,
    NetworkExperiment,
    Study,
    TrainedExperiment,
)
from advscape.study.given import Given
from advscape.study.training_checks import OWN_NAME, check_measured, check_training, check_variants


def check_experiments(study: Study, given: Mapping[str, Sequence[Given]]) -> None:
    """Refuse what no single key shows to be wrong.

    Args:
        study: the study.
        given: the runs of each experiment with checkpoints.

    Raises:
        ConfigError: the first such problem.
    """
    check_variants(study)
    names: set[str] = set()
    for i, experiment in enumerate(study.experiments):
        at = f"experiments[{i}]"
        if experiment.name.lower() in names:
            raise ConfigError(f"{at}.name", shown(experiment.name), OWN_NAME)
        names.add(experiment.name.lower())
        _check_dataset(at, experiment)
        if isinstance(experiment, LinearExperiment):
            _check_linear(at, experiment)
        else:
            if isinstance(experiment, TrainedExperiment):
                check_training(at, experiment)
            check_measured(at, experiment)
            _check_model(f"{at}.model", experiment.model)
            _check_curvature(f"{at}.curvature", experiment)
            _check_landscape(f"{at}.landscape", experiment)
            _check_autoattack(at, experiment)
            _check_judges(at, experiment)
        _check_radii(at, experiment, given)
    # when all experiments are known to be well, since claims may compare them
    for i, experiment in enumerate(study.experiments):
        for j, claim in enumerate(experiment.claims):
            at = f"experiments[{i}].claims[{j}]"
            resolved(at, claim, experiment, study, given)
            first = experiment.claims.index(claim)
            if first < j:
                again = f"the claim {shown(claim.id)} of claims[{first}] again"
                raise ConfigError(at, again, "each claim once: its p values are corrected for all")


def _check_dataset(at: str, experiment: LinearExperiment | NetworkExperiment) -> None:
    dataset, source = experiment.dataset, DATASETS[experiment.dataset.name]
    if not source.official_test and dataset.test_fraction is None:
        raise ConfigError(
            f"{at}.dataset.test_fraction",
            "nothing",
            f"a number between 0 and 1, since {dataset.name} has no official test set",
        )
    if (source.own is None) != (dataset.path is None):
        own = ", ".join(name for name, other in DATASETS.items() if other.own)
        allowed = f"the {source.own}'s path" if source.own else f"no path, except for {own}"
        raise ConfigError(f"{at}.dataset.path", shown(dataset.path), allowed)
    for key in dataset.own_keys:
        if key not in source.options:
            those = ", ".join(name for name, other in DATASETS.items() if key in other.options)
            given = shown(getattr(dataset, key))
            raise ConfigError(f"{at}.dataset.{key}", given, f"nothing, except for {those}")
    limit = source.classes
    for j, label in enumerate(dataset.classes or []):
        if limit is not None and label >= limit:
            raise ConfigError(f"{at}.dataset.classes[{j}]", shown(label), f"0 to {limit - 1}")


def _check_radii(
    at: str, experiment: LinearExperiment | NetworkExperiment, given: Mapping[str, Sequence[Given]]
) -> None:
    """Radii are in units of pixels in [0, 1], which 8 in the place of 8/255 is not.

    Raises:
        ConfigError: one moves every pixel by more than there is from black to white.
    """
    if experiment.threat.norm != "linf":
        return
    radii = {f"{at}.evaluation.common_epsilon": experiment.evaluation.common_epsilon}
    if isinstance(experiment, LinearExperiment | TrainedExperiment):
        of_runs = {f"{at}.grid.epsilons[{j}]": e for j, e in enumerate(experiment.grid.epsilons)}
    else:
        runs = given[experiment.name]
        of_runs = {f"{run.at}: epsilon": run.cell.epsilon for run in runs if run.cell.epsilon}
    for key, radius in (of_runs | radii).items():
        if radius > 1:
            hint = f" ({radius:g}/255?)" if radius.is_integer() and radius <= 255 else ""
            allowed = f"at most 1 with norm linf, since pixels lie in [0, 1]{hint}"
            raise ConfigError(key, shown(radius), allowed)


def _check_linear(at: str, experiment: LinearExperiment) -> None:
    classes = experiment.dataset.classes
    if len(classes or []) != 2 and not (
        classes is None and DATASETS[experiment.dataset.name].classes is None
    ):
        raise ConfigError(
            f"{at}.dataset.classes", shown(classes), "two labels, since the model is logistic"
        )
    if experiment.threat.norm == "linf" and "opposed" in experiment.grid.noise:
        raise ConfigError(
            f"{at}.grid.noise", shown(experiment.grid.noise), "aligned, random, with norm linf"
        )
    if experiment.dataset.validation_fraction is not None:
        raise ConfigError(
            f"{at}.dataset.validation_fraction",
            shown(experiment.dataset.validation_fraction),
            "nothing, since a linear model is solved and has no epochs to choose from",
        )
    training = experiment.training
    if training.weight_decay == 0 and training.gradient_steps is None:
        raise ConfigError(
            f"{at}.training.weight_decay",
            shown(training.weight_decay),
            "a number above 0, unless gradient_steps is given: separable data have no minimiser",
        )
    usual = type(training).model_fields["learning_rate"].default
    if training.gradient_steps is None and training.learning_rate != usual:
        raise ConfigError(
            f"{at}.training.learning_rate",
            shown(training.learning_rate),
            "nothing, unless gradient_steps is given: the problem is solved, not descended",
        )
    if experiment.threat.box:
        raise ConfigError(
            f"{at}.threat.box", "true", "false, since the closed form of linear models has no box"
        )


def _check_model(at: str, model: ModelSection) -> None:
    """What makes the network must be there.

    Raises:
        ConfigError: it is not there.
    """
    if isinstance(model, CustomModel):
        _check_own_model(at, model)
    if isinstance(model, TorchvisionModel):
        names = torchvision_architectures()
        if names and model.architecture not in names:
            raise ConfigError(
                f"{at}.architecture", shown(model.architecture), one_of(names, model.architecture)
            )
    if isinstance(model, TimmModel) and find_spec("timm") is None:
        raise ConfigError(
            f"{at}.name",
            "'timm', whose package is not installed",
            "any other, or this one after `pip install timm`",
        )


def _check_own_model(at: str, model: CustomModel) -> None:
    """The function must be there, and take what it will be called with.

    Raises:
        ConfigError: it is not there, or does not.
    """
    try:
        taken = keywords(model.function)
    except ValueError as problem:
        raise ConfigError(f"{at}.function", shown(model.function), str(problem)) from None
    if taken is None:
        return
    if not {"classes", "shape"} <= set(taken):
        raise ConfigError(
            f"{at}.function",
            f"{shown(model.function)}, with the arguments {', '.join(taken) or 'none'}",
            "a function that takes classes and shape",
        )
    wrong = [name for name in model.options if name not in taken]
    if wrong:
        others = ", ".join(name for name in taken if name not in ("classes", "shape"))
        raise ConfigError(
            f"{at}.options", wrong[0], f"what {model.function} takes: {others or 'nothing else'}"
        )
    given = {"classes", "shape", *model.options}
    missing = [name for name, needed in taken.items() if needed and name not in given]
    if missing:
        without = f"a value, since {model.function} has no default for it"
        raise ConfigError(f"{at}.options", f"no {missing[0]}", without)


def _check_curvature(at: str, experiment: NetworkExperiment) -> None:
    """Each eigenvector takes a product or more.

    Raises:
        ConfigError: there are too few products.
    """
    curvature = experiment.curvature
    if curvature.eigenvectors > curvature.max_products:
        raise ConfigError(
            f"{at}.eigenvectors",
            shown(curvature.eigenvectors),
            f"at most {curvature.max_products}, which is max_products",
        )


def _check_landscape(at: str, experiment: NetworkExperiment) -> None:
    """What directions are made from must be there.

    Raises:
        ConfigError: it is not there.
    """
    landscape, kept = experiment.landscape, experiment.curvature.eigenvectors
    if landscape.eigenvectors > kept:
        raise ConfigError(
            at.replace("landscape", "curvature.eigenvectors"),
            shown(kept),
            f"{landscape.eigenvectors} or more, since {at} goes along them",
        )
    to_states = [kind for kind in landscape.directions if not DIRECTIONS[kind].of_weights]
    if to_states and isinstance(experiment, GivenExperiment):
        raise ConfigError(
            f"{at}.directions",
            to_states[0],
            "the other kinds: of networks that were trained elsewhere nobody has other states",
        )
    best = [kind for kind in landscape.directions if DIRECTIONS[kind].needs == "best"]
    if best and experiment.dataset.validation_fraction is None:
        raise ConfigError(
            f"{at}.directions",
            best[0],
            "the other kinds, unless dataset.validation_fraction is given to find the best epoch",
        )


def _check_autoattack(at: str, experiment: NetworkExperiment) -> None:
    """AutoAttack must be installed, and knows one threat model only.

    Raises:
        ConfigError: it is not installed, or the threat model is another one.
    """
    for j, attack in enumerate(experiment.evaluation.attacks):
        if attack.name != "autoattack":
            continue
        if j == 0:
            raise ConfigError(
                f"{at}.evaluation.attacks[0].name",
                "'autoattack'",
                "another attack first, since figures show its loss and autoattack has none",
            )
        if not experiment.threat.box:
            raise ConfigError(
                f"{at}.threat.box",
                "false",
                "true: autoattack keeps inputs in [0, 1], so threat.box must be true",
            )
        if find_spec("pyautoattack") is None:
            raise ConfigError(
                f"{at}.evaluation.attacks[{j}].name",
                "'autoattack', whose package is not installed",
                "any other, or this one after `make autoattack`",
            )


def _check_judges(at: str, experiment: NetworkExperiment) -> None:
    """Rows of different attacks must be told apart in the table.

    Raises:
        ConfigError: two attacks have the same columns there.
    """
    seen: dict[tuple[object, ...], int] = {}
    for j, attack in enumerate(experiment.evaluation.attacks):
        columns = tuple(getattr(attack, key, None) for key in ("name", "steps", "restarts"))
        first = seen.setdefault(columns, j)
        if first < j:
            raise ConfigError(
                f"{at}.evaluation.attacks[{j}]",
                f"what robustness.csv cannot tell from attacks[{first}]",
                "another name, other steps or other restarts",
            )
