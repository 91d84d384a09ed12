"""What every section of the config is made of."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


_NUMBER = r"\d{1,15}(?:\.\d{1,15})?"


def _fraction(value: Any) -> Any:
    """8/255, which YAML reads as text, as the nearest float; anything else as it is."""
    if isinstance(value, str):
        found = re.fullmatch(rf"\s*({_NUMBER})\s*/\s*({_NUMBER})\s*", value)
        if found and float(found[2]) > 0:
            return float(found[1]) / float(found[2])
    return value


#: a radius of a threat model; literature writes them as 8/255
Radius = Annotated[float, BeforeValidator(_fraction), Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A mapping of the config: typed strictly, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def distinct(values: list) -> list:
    """Refuse a list with repeats."""
    repeated = [value for i, value in enumerate(values) if value in values[:i]]
    if repeated:
        raise ValueError(f"values without repeats ({repeated[0]!r} is repeated)")
    return values
