"""Which weights of a run are kept while it trains, and which of them a stage measures."""

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from advscape.study.config.section import Count, Section, Share, distinct

#: weights of a run by name; ``snapshots`` are several
CHECKPOINTS = ("last", "best", "averaged", "snapshots")


class Snapshots(Section):
    """Epochs after which the weights are kept: every so many, or a list."""

    every: Count | None = Field(default=None, description="Every so many epochs.")
    epochs: list[Count] | None = Field(
        default=None, min_length=1, description="These; a list may stand in the section's place."
    )

    _epochs = field_validator("epochs")(lambda given: given and distinct(given))

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        if isinstance(given, int | float | str):
            raise ValueError("a list of epochs, or {every: 5}, say")
        return {"epochs": given} if isinstance(given, list) else given

    @model_validator(mode="after")
    def _one_of_both(self) -> "Snapshots":
        if (self.every is None) == (self.epochs is None):
            raise ValueError("every, or a list of epochs")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        written = handler.resolve_ref_schema(handler(schema))
        listed = written["properties"]["epochs"]["anyOf"][0]
        return {"anyOf": [dict(written), listed], "description": written.get("description", "")}


class _StochasticAveraging(Section):
    """The mean of the weights after each epoch (SWA: Izmailov et al. 2018, 1803.05407)."""


_FROM: Any = (
    Annotated[float, Field(ge=0, lt=1)],
    Field(description="Of the epochs after this share of the run."),
)
#: with a key that is a word of Python's, so that no class could spell it
StochasticAveraging = create_model(
    "StochasticAveraging",
    __base__=_StochasticAveraging,
    __doc__=_StochasticAveraging.__doc__,
    **{"from": _FROM},
)


class Averaging(Section):
    """An average of the weights, kept beside them; batch norm's statistics are estimated again."""

    ema: Share | None = Field(
        default=None,
        description="Decay of an exponential average over the steps; 0.995 is usual.",
    )
    swa: StochasticAveraging | None = Field(  # type: ignore[valid-type]
        default=None, description="The mean over the last part of the epochs."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Averaging":
        if (self.ema is None) == (self.swa is None):
            raise ValueError("ema or swa")
        return self

    @property
    def start(self) -> float | None:
        """The share of the run from which on SWA averages."""
        return None if self.swa is None else getattr(self.swa, "from")


def _known(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    if not whole and value not in CHECKPOINTS:
        raise ValueError(f"{', '.join(CHECKPOINTS)}, or an epoch of training.snapshots")
    return value


#: weights that a stage measures: by name, or one of the snapshots by its epoch
Checkpoint = Annotated[
    Literal["last", "best", "averaged", "snapshots"] | Count, BeforeValidator(_known)
]


class Measured(Section):
    """What stages have in common that measure more than the last weights where asked to."""

    checkpoints: list[Checkpoint] = Field(
        default=["last"],
        min_length=1,
        description="Weights that are measured: last, best (on the validation samples), averaged, "
        "snapshots (all that training keeps), or single snapshots by their epochs. Each of them is "
        "a job of its own.",
    )

    _checkpoints = field_validator("checkpoints")(distinct)
