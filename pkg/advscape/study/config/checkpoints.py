"""Networks that are already trained: files of weights, and which run each is of."""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from advscape.study.config.grid import token
from advscape.study.config.section import Natural, Radius, Section, Share, fraction

_TEXT = Annotated[str, Field(min_length=1)]
#: the parts of a file's name that a list stands for
PLACES = {"epsilon": "epsilons", "seed": "seeds", "epoch": "epochs", "label": "labels"}
_BRACED = re.compile(r"\{(\w*)\}")


def _written(value: Any) -> float | str:
    """A radius; a text stays as it is written.

    Raises:
        ValueError: it is no number, or below 0.
    """
    try:
        number = -1.0 if isinstance(value, bool) else float(fraction(value))
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError("a number >= 0")
    return value if isinstance(value, str) else number


_Written = Annotated[
    float | str,
    PlainValidator(_written),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}),
]


class Expect(Section):
    """A clean test accuracy that was published with the weights."""

    accuracy: Annotated[float, Field(ge=0, le=1)] = Field(
        description="Share of the test set that is classified rightly, without an attack."
    )
    within: Share = Field(
        default=0.005,
        description="How far the measured accuracy may be from it; beyond, a sanity check fails. "
        "Where evaluation.samples takes a part of the test set, three standard errors are added.",
    )


class GivenRun(Section):
    """A file, and which run its network is of."""

    file: _TEXT = Field(description="The weights: .safetensors, .pt, .pth or .ckpt.")
    epsilon: Radius | None = Field(
        default=None,
        description="Radius that it was trained with; without one, attacks have the radius "
        "evaluation.common_epsilon.",
    )
    seed: Natural = Field(
        default=0, description="Seed of the run: it draws samples and attacks, too."
    )
    epoch: Natural | None = Field(default=None, description="Epochs that it was trained for.")
    label: _TEXT | None = Field(default=None, description="A name of your own: its method, say.")
    expect: Expect | None = Field(
        default=None, description="Accuracy that was published; as of all runs unless given."
    )


class Checkpoints(Section):
    """Networks in the place of training: a list of files, a table of them, or a pattern.

    Relative files are looked for in the working folder, then beside the config; those of a table
    beside the table first.
    """

    runs: list[GivenRun] | None = Field(
        default=None, min_length=1, description="A file for each run."
    )
    table: _TEXT | None = Field(
        default=None,
        description="In the place of runs: a CSV file with a line for each run and the columns "
        "file and, as far as needed, epsilon, seed, epoch, label, accuracy and within.",
    )
    pattern: _TEXT | None = Field(
        default=None,
        description="In the place of runs: a file's name with {epsilon}, {seed}, {epoch}, {label} "
        "for all combinations of the lists.",
    )
    epsilons: list[_Written] | None = Field(
        default=None,
        min_length=1,
        description="For pattern; texts stand in names as written, or 8/255 as 8.",
    )
    seeds: list[Natural] | None = Field(default=None, min_length=1, description="For pattern.")
    epochs: list[Natural] | None = Field(default=None, min_length=1, description="For pattern.")
    labels: list[_TEXT] | None = Field(default=None, min_length=1, description="For pattern.")
    key: _TEXT | None = Field(
        default=None,
        description="Where the state dict lies in each file (state_dict, model_state_dict, model, "
        "net, or the file itself unless given): ema, say, or a.b for a key within a key. In "
        "safetensors, what names begin with.",
    )
    prefix: _TEXT | None = Field(
        default=None,
        description="What the network's names begin with in each file, with its point; other names "
        "are left out. module., _orig_mod. and model. are found unless given.",
    )
    expect: Expect | None = Field(
        default=None, description="Accuracy that was published with each; not held unless given."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Checkpoints":
        ways = [way for way in ("runs", "table", "pattern") if getattr(self, way) is not None]
        if len(ways) != 1:
            given = " and ".join(ways) or "none of them"
            raise ValueError(f"one of runs, table and pattern (got {given})")
        lists = [name for name in PLACES.values() if getattr(self, name) is not None]
        if self.pattern is None:
            if lists:
                raise ValueError(f"{lists[0]} with pattern only")
            return self
        unknown = [found for found in _BRACED.findall(self.pattern) if found not in PLACES]
        if unknown:
            known = ", ".join(f"{{{place}}}" for place in PLACES)
            raise ValueError(f"{known} in pattern (got {{{unknown[0]}}})")
        for place, name in PLACES.items():
            values = getattr(self, name)
            there = f"{{{place}}}" in self.pattern
            if there and values is None:
                raise ValueError(f"a list {name}, since pattern has {{{place}}}")
            if not there and len(values or ()) > 1:
                raise ValueError(f"{{{place}}} in pattern, since {name} has several values")
        return self

    def combinations(self) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Of a pattern: names that each run's file may have, and the run's other values."""
        chosen = {
            place: values
            for place, name in PLACES.items()
            if (values := getattr(self, name)) is not None
        }
        for combination in product(*chosen.values()):
            run = dict(zip(chosen, combination, strict=True))
            epsilon = run.pop("epsilon", None)
            names = [
                _filled(str(self.pattern), run | {"epsilon": text}) for text in _texts(epsilon)
            ]
            if epsilon is not None:
                run["epsilon"] = float(fraction(epsilon))
            yield names, run


def _texts(epsilon: float | str | None) -> list[str]:
    """What may stand for an epsilon in a file's name: 1 or 1.0, and of a fraction its upper part.

    >>> _texts(1.0), _texts("1.00"), _texts("8/255")
    (['1', '1.0'], ['1.00'], ['8/255', '8'])
    """
    if isinstance(epsilon, float):
        return list(dict.fromkeys([token(epsilon), repr(epsilon)]))
    text = str(epsilon)
    return list(dict.fromkeys([text, text.split("/")[0].strip()]))


def _filled(pattern: str, values: Mapping[str, Any]) -> str:
    for place, value in values.items():
        pattern = pattern.replace(f"{{{place}}}", str(value))
    return pattern
