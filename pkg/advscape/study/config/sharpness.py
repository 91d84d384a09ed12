"""How the sharpness of networks is measured."""

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from advscape.sharpness.catalogue import MEASURES, Measure
from advscape.study.config.attack import PGDAttack
from advscape.study.config.section import (
    FOR_JOBS,
    Count,
    NameOf,
    Natural,
    Positive,
    Section,
    distinct,
)
from advscape.study.config.states import Measured

Several = Annotated[int, Field(ge=2)]


class Radii(Section):
    """Sizes rho of the moves, by what each weight is moved in units of."""

    plain: list[Positive] = Field(
        min_length=1, description="In units of the weights (c = 1): average, worst."
    )
    adaptive: list[Positive] = Field(
        min_length=1,
        description="Relative to each weight (c = |w|): adaptive_* and normalised_*.",
    )

    _distinct = field_validator("plain", "adaptive")(distinct)


class AverageSharpness(Section):
    """Randomly moved weights; the smallest radii of Andriushchenko et al.'s ResNets."""

    draws: Several = Field(default=10, description="Random weights; 20 there.")
    l2: Radii = Field(
        default=Radii(plain=[0.05], adaptive=[0.05]),
        description="Standard deviations of Gaussian noise.",
    )
    linf: Radii = Field(
        default=Radii(plain=[0.1], adaptive=[0.1]),
        description="Half widths of uniform noise.",
    )


class WorstSharpness(Section):
    """The worst weights of a ball; the smallest radii of Andriushchenko et al.'s ResNets."""

    steps: Count = Field(default=6, description="Moves of each ascent; 20 there.")
    restarts: Count = Field(
        default=2,
        description="Ascents, of which the best counts; 1 there. The first starts at the weights "
        "themselves, the others at random.",
    )
    l2: Radii = Field(
        default=Radii(plain=[0.25], adaptive=[0.25]), description="Radii of the L2 ball."
    )
    linf: Radii = Field(
        default=Radii(plain=[0.0005], adaptive=[0.001]), description="Radii of the Linf ball."
    )


class AverageFlatness(Section):
    """Random weights in a ball for each layer, the attack made again at each."""

    radii: list[Positive] = Field(
        default=[0.5], min_length=1, description="xi, relative to the length of each layer."
    )
    draws: Several = Field(default=10, description="Random weights.")

    _distinct = field_validator("radii")(distinct)


class WorstFlatness(Section):
    """The worst weights of such balls, climbing together with the noise."""

    radii: list[Positive] = Field(
        default=[0.003], min_length=1, description="xi, relative to the length of each layer."
    )
    steps: Count = Field(default=6, description="Moves of each ascent; 20 there.")
    restarts: Count = Field(
        default=2, description="Ascents from random starts, of which the best counts; 10 there."
    )

    _distinct = field_validator("radii")(distinct)


class WeightCurvature(Section):
    """Traces of the layers' Hessians, by Hutchinson's estimate."""

    probes: Several = Field(default=10, description="Rademacher probes.")


class Together(Section):
    """For jobs: measures that one function measures together.

    Attributes:
        made_by: ``module:name`` of the function.
        measures: their names.
        settings: keys of the section that it takes.
    """

    made_by: str
    measures: list[str]
    settings: list[str]


class Ascents(Together):
    """For jobs: worst cases that one function looks for together.

    Attributes:
        ascent: the one of the settings that has the steps and restarts of the ascents.
    """

    ascent: str


class NetworkSharpness(Measured):
    """How much the loss rises when the weights are moved."""

    measures: list[Annotated[str, NameOf(MEASURES)]] = Field(
        default=list(MEASURES),
        min_length=1,
        description=" ".join(
            f"{name}: {m.definition} ({m.source})." for name, m in MEASURES.items()
        ),
    )
    balls: list[Literal["l2", "linf"]] = Field(
        default=["l2", "linf"],
        min_length=1,
        description="Norms of the moves; robust_* are L2 in each layer.",
    )
    losses: list[Literal["clean", "adversarial"]] = Field(
        default=["adversarial"],
        min_length=1,
        description="adversarial holds the noise of the weights as they are. robust_* and "
        "weight_curvature are of the adversarial loss anyway.",
    )
    samples: Count = Field(
        default=64,
        description="At most so many samples of each split, drawn once per run from its seed.",
    )
    splits: list[Literal["train", "test"]] = Field(
        default=["train"], min_length=1, description="Samples of which sets."
    )
    attack: PGDAttack = Field(
        default=PGDAttack(steps=5, relative_step=5.0),
        description="The attack that makes the noise; robust_* make it again at moved weights.",
    )
    average: AverageSharpness = Field(
        default=AverageSharpness(), description="Settings of *average but robust_average."
    )
    worst: WorstSharpness = Field(
        default=WorstSharpness(), description="Settings of *worst but robust_worst."
    )
    robust_average: AverageFlatness = Field(
        default=AverageFlatness(), description="Settings of robust_average."
    )
    robust_worst: WorstFlatness = Field(
        default=WorstFlatness(), description="Settings of robust_worst."
    )
    weight_curvature: WeightCurvature = Field(
        default=WeightCurvature(), description="Settings of weight_curvature."
    )
    seed: Natural = Field(
        default=0, description="Draws weights, starts and probes, for every run alike."
    )
    batch_size: Count = Field(default=256, description="Samples that go through at once.")

    _distinct = field_validator("measures", "balls", "losses", "splits")(distinct)

    @property
    def functions(self) -> list[Together]:
        """What measures all that is asked for, in the order of the catalogue.

        Raises:
            KeyError: a measure of the catalogue names a setting that is not there.
        """
        asked = self._asked
        return [
            self._together(function, [name for name, m in asked.items() if m.function == function])
            for function in dict.fromkeys(each.function for each in asked.values())
        ]

    def sizes(self, measure: str) -> dict[str, list[float]] | None:
        """The radii at which a measure is taken, by its ball; {} if it has none, None if unknown.

        Args:
            measure: one of the catalogue.
        """
        of = MEASURES[measure]
        if "balls" in of.settings:
            section = getattr(self, of.ascent or "average")
            scale = "plain" if of.family == "plain" else "adaptive"
            return {ball: getattr(getattr(section, ball), scale) for ball in self.balls}
        section = getattr(self, measure, None)
        if section is None:
            return None
        return {"layer_l2": section.radii} if hasattr(section, "radii") else {}

    @property
    def ascents(self) -> list[Ascents]:
        """Those of :attr:`functions` that look for a maximum, with their worst cases alone.

        Raises:
            KeyError: a measure of the catalogue names a setting that is not there.
        """
        worst: dict[tuple[str, str], list[str]] = {}
        for name, measure in self._asked.items():
            if measure.ascent is not None:
                worst.setdefault((measure.function, measure.ascent), []).append(name)
        return [
            Ascents(**self._together(function, names).model_dump(), ascent=ascent)
            for (function, ascent), names in worst.items()
        ]

    @property
    def _asked(self) -> dict[str, Measure]:
        return {name: measure for name, measure in MEASURES.items() if name in self.measures}

    def _together(self, function: str, measures: list[str]) -> Together:
        for name in measures:
            unknown = set(MEASURES[name].settings) - set(type(self).model_fields)
            if unknown:
                raise KeyError(f"MEASURES[{name!r}].settings: no key {min(unknown)} in sharpness")
        keys = dict.fromkeys(key for name in measures for key in MEASURES[name].settings)
        return Together(made_by=function, measures=measures, settings=list(keys))

    @model_serializer(mode="wrap")
    def _with_functions(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        """For jobs with its functions, so that they need not know the catalogue and its words."""
        values: dict[str, Any] = handler(self)
        if info.context == FOR_JOBS:
            values["functions"] = [each.model_dump() for each in self.functions]
            values["ascents"] = [each.model_dump() for each in self.ascents]
        return values
