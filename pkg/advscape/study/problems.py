"""What pydantic finds wrong with a config, in one line as a user reads it."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from advscape.errors import ConfigError, shown
from advscape.study.config.model import MODELS
from advscape.study.config.section import FUNCTION, NAME, sections_at
from advscape.study.config.study import KINDS, GivenExperiment, Study, TrainedExperiment

#: what strings of these patterns are
_PATTERNS = {
    FUNCTION: "module:function, as my_models:mlp",
    NAME: "at most 100 of the letters a to z, digits, - and _, with a letter or digit first",
}


def first_problem(error: ValidationError) -> ConfigError:
    """The problem that explains the others best, in the words of the config."""
    # an unknown key explains the missing one beside it, so it comes first
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    given = problem["input"]
    key, model = _place(problem["loc"])
    if problem["type"] == "extra_forbidden":
        if model is GivenExperiment and problem["loc"][-1] in ("training", "grid"):
            return ConfigError(key, "a key beside checkpoints", "training and grid, or checkpoints")
        known, wrong = list(model.model_fields), str(problem["loc"][-1])
        close = get_close_matches(wrong, known, 1)
        guess = f" (did you mean {close[0]}?)" if close else ""
        return ConfigError(key, "an unknown key" + guess, ", ".join(known) or "no keys")
    if problem["type"] == "missing":
        unless = (
            ", unless checkpoints are given"
            if model is TrainedExperiment and key.endswith(("training", "grid"))
            else ""
        )
        return ConfigError(key, "nothing", f"a value; this key is required{unless}")
    if problem["type"] in ("union_tag_invalid", "union_tag_not_found") and isinstance(given, dict):
        named = shown(given["name"]) if "name" in given else "nothing"
        return ConfigError(f"{key}.name", named, ", ".join(_names(key, model)))
    return ConfigError(key, shown(given), allowed(problem, model))


def _names(key: str, model: type[BaseModel]) -> list[str]:
    """Names of the sections of which one may stand at a key."""
    if key.endswith("].model"):
        return ["logistic", *MODELS]
    field = key.rsplit(".", 1)[-1].split("[")[0]  # without its place in a list
    options = sections_at(model.model_fields[field])
    return [_tag(option) for option in options]


def _tag(model: type[BaseModel]) -> str:
    """What a section says in its key ``name``, or which kind of experiment it is."""
    for kind, experiment in KINDS.items():
        if model is experiment:
            return kind
    tag: str = get_args(model.model_fields["name"].annotation)[0]
    return tag


def _place(loc: tuple[str | int, ...]) -> tuple[str, type[BaseModel]]:
    """Path of a key as the user reads it in the YAML file, and the section that the key is in.

    Pydantic puts the name of the section it chose among several into the place, as if it were a
    key: experiments, 0, network, training, attack, pgd, steps.
    """
    path, model = "", cast("type[BaseModel]", Study)
    options: list[type[BaseModel]] = []
    for i, part in enumerate(loc):
        chosen = [option for option in options if len(options) > 1 and _tag(option) == part]
        if chosen:
            model, options = chosen[0], []
            continue
        if options and isinstance(part, str):
            model, options = options[0], []
        # a key of the user's may hold anything, a line break too
        shows = isinstance(part, str) and not part.isprintable()
        path += f"[{part}]" if isinstance(part, int) else f".{part!r}" if shows else f".{part}"
        if part in model.model_fields and isinstance(part, str):
            found = sections_at(model.model_fields[part])
            options = found if i + 1 < len(loc) else []
    return path.lstrip(".") or "the config", model


def allowed(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """What a value may be, in the words of the field's own constraint."""
    context = problem.get("ctx", {})
    words: dict[str, Callable[[], str]] = {
        "literal_error": lambda: str(context["expected"]).replace(" or ", ", "),
        "value_error": lambda: str(context["error"]),
        "greater_than": lambda: f"a number > {context['gt']:g}",
        "greater_than_equal": lambda: f"a number >= {context['ge']:g}",
        "less_than": lambda: f"a number < {context['lt']:g}",
        "less_than_equal": lambda: f"a number <= {context['le']:g}",
        "missing": lambda: "a value",
        "float_type": lambda: "a number",
        "int_type": lambda: "an integer",
        "bool_type": lambda: "true or false",
        "string_type": lambda: "a string",
        "string_too_short": lambda: "a text that is not empty",
        "invalid_key": lambda: "keys that are texts",
        "dict_type": lambda: "a mapping",
        "list_type": lambda: "a list",
        "finite_number": lambda: "a finite number",
        "too_short": lambda: f"at least {context['min_length']} entries",
        "model_type": lambda: "a mapping with the keys " + ", ".join(_fields(problem, model)),
        "union_tag_invalid": lambda: "a mapping with the key name",
        "model_attributes_type": lambda: "a mapping with the key name",
        "string_pattern_mismatch": lambda: _PATTERNS.get(
            context["pattern"], f"a string that matches {context['pattern']}"
        ),
    }
    found = words.get(problem["type"], lambda: problem["msg"])()
    if problem["type"] == "float_type" and _reads_as_number(problem["input"]):
        found += " (YAML reads 1e-3 as a string: write 1.0e-3, without quotes)"
    return found


def _fields(problem: ErrorDetails, model: type[BaseModel]) -> list[str]:
    """Keys of the section that should stand where something else does."""
    last = problem["loc"][-1] if problem["loc"] else None
    if last in model.model_fields:
        model = next(iter(sections_at(model.model_fields[last])), model)
    return list(model.model_fields)


def _reads_as_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return isinstance(value, str)
