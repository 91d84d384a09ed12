"""From the raw config to a checked :class:`Study`, or to one line that says what is wrong."""

import zipfile
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from advscape.attacks.autoattack_images import needed_size
from advscape.data import files
from advscape.data.root import data_root
from advscape.data.shapes import npz_image_shape
from advscape.errors import ConfigError, shown
from advscape.study.claim_config import ClaimConfig
from advscape.study.config import (
    MODELS,
    OFFICIAL_SPLIT,
    LinearExperiment,
    NetworkExperiment,
    Study,
)
from advscape.study.model_config import CustomModel
from advscape.study.own_function import keywords

#: pydantic puts the tag of an experiment's kind into an error's place
_TAGS = {"linear": LinearExperiment, "network": NetworkExperiment}


def load_study(raw: dict[str, Any]) -> Study:
    """Validate a raw config and look that its data is there.

    Args:
        raw: the mapping read from YAML.

    Returns:
        The study, every default filled in.

    Raises:
        ConfigError: one line naming the key, the value and what is allowed; the first problem.
    """
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise _first_problem(error) from None
    except RecursionError:
        raise ConfigError("the config", "mappings or lists within each other", "fewer") from None
    _check_experiments(study)
    _check_data(study)
    return study


def _first_problem(error: ValidationError) -> ConfigError:
    # an unknown key explains the missing one beside it, so it comes first
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    given = problem["input"]
    key, model = _place(problem["loc"])
    if problem["type"] == "extra_forbidden":
        known, wrong = list(model.model_fields), str(problem["loc"][-1])
        close = get_close_matches(wrong, known, 1)
        guess = f" (did you mean {close[0]}?)" if close else ""
        return ConfigError(key, "an unknown key" + guess, ", ".join(known))
    if problem["type"] == "missing":
        return ConfigError(key, "nothing", "a value; this key is required")
    if problem["type"] in ("union_tag_invalid", "union_tag_not_found") and isinstance(given, dict):
        named = shown(given["name"]) if "name" in given else "nothing"
        return ConfigError(f"{key}.name", named, ", ".join(_names(key, model)))
    return ConfigError(key, shown(given), _allowed(problem, model))


def _names(key: str, model: type[BaseModel]) -> list[str]:
    """Names of the sections of which one may stand at a key."""
    if key.endswith("].model"):
        return list(MODELS)
    field = key.rsplit(".", 1)[-1].split("[")[0]  # without its place in a list
    options = _sections(model.model_fields[field].annotation)
    return [_tag(option) for option in options]


def _tag(model: type[BaseModel]) -> str:
    """What a section says in its key ``name``, or which of the two kinds an experiment is."""
    for tag, kind in _TAGS.items():
        if model is kind:
            return tag
    return get_args(model.model_fields["name"].annotation)[0]


def _place(loc: tuple[str | int, ...]) -> tuple[str, type[BaseModel]]:
    """Path of a key as the user reads it in the YAML file, and the section that the key is in.

    Pydantic puts the name of the section it chose among several into the place, as if it were a
    key: experiments, 0, network, training, attack, pgd, steps.
    """
    path, model, options = "", Study, []
    for i, part in enumerate(loc):
        chosen = [option for option in options if len(options) > 1 and _tag(option) == part]
        if chosen:
            model, options = chosen[0], []
            continue
        if options and isinstance(part, str):
            model, options = options[0], []
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
        if part in model.model_fields and isinstance(part, str):
            found = _sections(model.model_fields[part].annotation)
            options = found if i + 1 < len(loc) else []
    return path.lstrip(".") or "the config", model


def _sections(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _sections(inner)]


def _allowed(problem: dict[str, Any], model: type[BaseModel]) -> str:
    """What a value may be, in the words of the field's own constraint."""
    context = problem.get("ctx", {})
    words = {
        "literal_error": lambda: str(context["expected"]).replace(" or ", ", "),
        "value_error": lambda: str(context["error"]),
        "greater_than": lambda: f"a number above {context['gt']:g}",
        "greater_than_equal": lambda: f"a number not below {context['ge']:g}",
        "less_than": lambda: f"a number below {context['lt']:g}",
        "float_type": lambda: "a number",
        "int_type": lambda: "an integer",
        "bool_type": lambda: "true or false",
        "string_type": lambda: "a text",
        "dict_type": lambda: "a mapping",
        "list_type": lambda: "a list",
        "finite_number": lambda: "a finite number",
        "too_short": lambda: f"at least {context['min_length']} entries",
        "model_type": lambda: "a mapping with the keys " + ", ".join(_fields(problem, model)),
        "union_tag_invalid": lambda: "a mapping with the key name",
        "model_attributes_type": lambda: "a mapping with the key name",
        "string_pattern_mismatch": lambda: f"a text that matches {context['pattern']}",
    }
    allowed = words.get(problem["type"], lambda: problem["msg"])()
    if problem["type"] == "float_type" and _reads_as_number(problem["input"]):
        allowed += " (YAML reads 1e-3 as text: write 1.0e-3, without quotes)"
    return allowed


def _fields(problem: dict[str, Any], model: type[BaseModel]) -> list[str]:
    """Keys of the section that should stand where something else does."""
    last = problem["loc"][-1] if problem["loc"] else None
    if last in model.model_fields:
        model = next(iter(_sections(model.model_fields[last].annotation)), model)
    return list(model.model_fields)


def _reads_as_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return isinstance(value, str)


def _check_experiments(study: Study) -> None:
    names: set[str] = set()
    for i, experiment in enumerate(study.experiments):
        at = f"experiments[{i}]"
        if experiment.name in names:
            raise ConfigError(f"{at}.name", shown(experiment.name), "a name of its own")
        names.add(experiment.name)
        _check_dataset(at, experiment)
        if isinstance(experiment, LinearExperiment):
            _check_linear(at, experiment)
        else:
            _check_network(at, experiment)
            _check_curvature(f"{at}.curvature", experiment)
            _check_landscape(f"{at}.landscape", experiment)
            _check_autoattack(at, experiment)
        for j, claim in enumerate(experiment.claims):
            _check_claim(f"{at}.claims[{j}].select", claim, experiment)


def _check_dataset(at: str, experiment: LinearExperiment | NetworkExperiment) -> None:
    dataset = experiment.dataset
    if dataset.name not in OFFICIAL_SPLIT and dataset.test_fraction is None:
        raise ConfigError(
            f"{at}.dataset.test_fraction",
            "nothing",
            f"a number between 0 and 1, since {dataset.name} has no official test set",
        )
    if (dataset.name == "npz") != (dataset.path is not None):
        allowed = "the file's path" if dataset.name == "npz" else "no path, except for npz"
        raise ConfigError(f"{at}.dataset.path", shown(dataset.path), allowed)
    limit = files.CLASSES.get(dataset.name)
    for j, label in enumerate(dataset.classes or []):
        if limit is not None and label >= limit:
            raise ConfigError(f"{at}.dataset.classes[{j}]", shown(label), f"0 to {limit - 1}")


def _check_linear(at: str, experiment: LinearExperiment) -> None:
    classes = experiment.dataset.classes
    if len(classes or []) != 2 and not (classes is None and experiment.dataset.name == "npz"):
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
    if experiment.threat.box:
        raise ConfigError(
            f"{at}.threat.box", "true", "false, since the closed form of linear models has no box"
        )


def _check_network(at: str, experiment: NetworkExperiment) -> None:
    training = experiment.training
    if training.objective.name == "trades" and training.attack.name != "pgd":
        raise ConfigError(
            f"{at}.training.attack.name",
            shown(training.attack.name),
            "pgd, since trades attacks a divergence of its own",
        )
    if isinstance(experiment.model, CustomModel):
        _check_own_model(f"{at}.model", experiment.model)


def _check_own_model(at: str, model: CustomModel) -> None:
    """The function must be there, and take what it will be called with."""
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


def _check_curvature(at: str, experiment: NetworkExperiment) -> None:
    """Each eigenvector takes a product or more."""
    curvature = experiment.curvature
    if curvature.eigenvectors > curvature.max_products:
        raise ConfigError(
            f"{at}.eigenvectors",
            shown(curvature.eigenvectors),
            f"at most {curvature.max_products}, which is max_products",
        )


def _check_landscape(at: str, experiment: NetworkExperiment) -> None:
    """What directions are made from must be there."""
    landscape, kept = experiment.landscape, experiment.curvature.eigenvectors
    if landscape.eigenvectors > kept:
        raise ConfigError(
            at.replace("landscape", "curvature.eigenvectors"),
            shown(kept),
            f"{landscape.eigenvectors} or more, since {at} goes along them",
        )
    if "best-checkpoint" in landscape.directions and experiment.dataset.validation_fraction is None:
        raise ConfigError(
            f"{at}.directions",
            "best-checkpoint",
            "the other kinds, unless dataset.validation_fraction is given to find the best epoch",
        )


def _check_autoattack(at: str, experiment: NetworkExperiment) -> None:
    """AutoAttack must be installed, and knows one threat model only."""
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


def _check_claim(
    at: str, claim: ClaimConfig, experiment: LinearExperiment | NetworkExperiment
) -> None:
    """A claim must be about something that the experiment measures."""
    linear = isinstance(experiment, LinearExperiment)
    select = claim.select
    arms = experiment.grid.noise if linear else [experiment.noise]
    if select.noise not in arms:
        raise ConfigError(f"{at}.noise", shown(select.noise), ", ".join(arms))
    if claim.quantity == "rise":
        if select.attack is None:
            raise ConfigError(f"{at}.attack", "nothing", "none, frozen or regenerated, for rise")
        if not linear:
            _check_rise(at, claim, experiment)
        return
    parts = ["total"]
    if select.loss == "adversarial":
        parts = ["frozen", "response", "total"]
    if select.hessian not in parts:
        allowed = f"{', '.join(parts)}, for the {select.loss} loss of this model"
        raise ConfigError(f"{at}.hessian", shown(select.hessian), allowed)


def _check_rise(at: str, claim: ClaimConfig, experiment: NetworkExperiment) -> None:
    """The lines that a claim is about must be there."""
    landscape = experiment.landscape
    for key, there in (
        ("attack", landscape.attacks),
        ("direction", landscape.directions),
        ("split", landscape.splits),
    ):
        given = getattr(claim.select, key)
        if given not in there:
            allowed = f"{', '.join(there)}, which the landscape has"
            raise ConfigError(f"{at}.{key}", shown(given), allowed)


def _check_data(study: Study) -> None:
    root, may_download = data_root(study.data_root)
    for i, experiment in enumerate(study.experiments):
        dataset = experiment.dataset
        at = f"experiments[{i}].dataset"
        wanted = files.needed(dataset.name, dataset.path)
        missing = [name for name in wanted if not (root / name).is_file()]
        if missing and (dataset.name == "npz" or not may_download):
            key = "data_root"
            if not study.data_root:
                key += " (nothing set)" if may_download else " (from ADVSCAPE_DATA)"
            allowed = f"a folder that holds {missing[0]}, for {at} ({dataset.name})"
            given = study.data_root
            where = f" ({shown(given)})" if given and str(root) != given else ""
            raise ConfigError(key, shown(str(root)) + where, allowed)
        if dataset.path and not zipfile.is_zipfile(root / dataset.path):
            raise ConfigError(
                f"{at}.path",
                shown(dataset.path),
                f"an .npz file, which np.savez writes; {root / dataset.path} is none, or damaged",
            )
        if dataset.path and dataset.test_fraction is None and not _has_test(root / dataset.path):
            raise ConfigError(
                f"{at}.test_fraction",
                "nothing",
                f"a number between 0 and 1, since {dataset.path} holds no test_labels",
            )
        if dataset.path and isinstance(experiment, NetworkExperiment):
            _check_sizes(f"experiments[{i}]", experiment, npz_image_shape(root / dataset.path))


def _check_sizes(
    at: str, experiment: NetworkExperiment, shape: tuple[int, int, int] | None
) -> None:
    """AutoAttack cannot take images of every size; those of the named datasets it can."""
    for j, attack in enumerate(experiment.evaluation.attacks):
        if attack.name == "autoattack" and shape is not None:
            needed = needed_size(shape, experiment.threat.norm)
            if needed:
                given = f"'autoattack' for images of {shape[1]} x {shape[2]} pixels with norm l2"
                raise ConfigError(f"{at}.evaluation.attacks[{j}].name", given, needed)


def _has_test(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "test_labels.npy" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True  # damaged: the job that reads it says how
