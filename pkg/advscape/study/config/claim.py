"""A claim's decision rule, fixed in the config before any run."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from advscape.statistics.quantities import meanings
from advscape.statistics.rules import RULES, descriptions
from advscape.study.columns import COLUMNS
from advscape.study.config.section import NameOf, Section, fraction

#: tables that claims can be about; the rows of spectrum.csv are points of a curve
CLAIMED = (*(table for table in COLUMNS if table != "spectrum"), "flatness")


def _value(value: Any) -> Any:
    listed = value if isinstance(value, list) and value else [value]
    if not all(isinstance(each, bool | int | float | str) for each in listed):
        raise ValueError("a string, a number, true or false, or a list of such")
    return value


_TYPES = ["string", "number", "boolean"]


Value = Annotated[
    Any,
    BeforeValidator(_value),
    WithJsonSchema({"type": [*_TYPES, "array"], "items": {"type": _TYPES}}),
]


def _radii(select: Any) -> Any:
    """A selection whose radii are numbers, as those of grids are: 8/255 is read as such."""
    if not isinstance(select, Mapping):
        return select
    read = {
        column: [fraction(each) for each in value] if isinstance(value, list) else fraction(value)
        for column, value in select.items()
        if column in _EPSILONS
    }
    return {**select, **read}


#: columns of radii
_EPSILONS = ("epsilon", "eval_epsilon")
Select = Annotated[Mapping[str, Value], BeforeValidator(_radii)]
Table = Annotated[str, NameOf(CLAIMED)]
_SELECT: Any = Field(
    default={},
    description="Column and value of the rows that are meant; of columns that tell runs apart, and "
    "of direction seeds, also a list. Every column whose values tell rows of a run apart needs "
    "one. Unless given: split train, noise aligned, "
    "loss adversarial, checkpoint last (along epochs last and snapshot), direction "
    "filter-normalised, attack the first of evaluation, eval_epsilon own (the run's own). regime: "
    "only epsilons at which every seed's run is in this regime.",
)


class Measured(Section):
    """What a claim sets its measurement against."""

    table: Table | None = Field(default=None, description="As of the claim.")
    quantity: str | None = Field(
        default=None, description="As of the claim; its own unless given, with its rows."
    )
    select: Select = Field(
        default={},
        description="As of the claim. Without a quantity of its own only what is not the claim's; "
        "`experiment` names another experiment.",
    )


class ClaimConfig(Section):
    """One claim: a sentence, and the rule that decides it."""

    id: str = Field(min_length=1, description="Its name; several claims may share one.")
    statement: str = Field(min_length=1, description="The claim in words.")
    rule: Annotated[str, NameOf(RULES)] = Field(description=descriptions())
    table: Table | None = Field(
        default=None,
        description="The table that quantity is a column of; unless given curvature, or the only "
        "one that has it.",
    )
    quantity: str = Field(
        min_length=1, description=f"A column with numbers of any table; or {meanings()}."
    )
    select: Select = _SELECT
    along: Literal["epsilon", "epoch"] = Field(
        default="epsilon", description="Of grows, falls, flat, no-growth: what it changes with."
    )
    other: Measured | None = Field(
        default=None,
        description="Of differs: the other arm; of associated: the other quantity; of share: the "
        "whole.",
    )
    within: Literal["epsilon", "variant", "label", "epoch"] | None = Field(
        default=None, description="Of associated: over the runs of each; over all unless given."
    )
    sign: Literal["positive", "negative"] | None = Field(
        default=None, description="Of differs and associated: the effect's; either unless given."
    )
    ratio: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = Field(
        default=None, description="Effect size of the rule, a ratio; 1 unless given."
    )
    difference: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="The same as a difference, in the quantity's unit, for quantities that may be "
        "0 or negative.",
    )
    at_least: float | None = Field(default=None, description="Of share: its lower bound.")
    at_most: float | None = Field(default=None, description="Of share: its upper bound.")
    level: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default=0.05, description="Level of the rule's test."
    )

    @property
    def bound(self) -> float:
        """What the rule compares the effect with."""
        for given in (self.at_least, self.at_most, self.difference, self.ratio):
            if given is not None:
                return given
        return 1.0 if RULES[self.rule].ratios else 0.0

    @property
    def side(self) -> str | None:
        """The sign that the rule looks at: of a share, on which side of its bound."""
        if self.at_least is not None:
            return "positive"
        return "negative" if self.at_most is not None else self.sign
