"""The config of a grid of runs, and how their epsilons are written."""

import math
from typing import Literal

from pydantic import Field, field_validator

from advscape.study.config.section import (
    Natural,
    Radius,
    Section,
    distinct,
)


class _Grid(Section):
    epsilons: list[Radius] = Field(
        min_length=1,
        description="Radii of the threat model, in units of pixels in [0, 1]; 8/255 is read as "
        "such.",
    )
    seeds: list[Natural] = Field(
        min_length=1,
        description="One run per seed and epsilon. The seed draws the split (test_fraction), the "
        "random noise, the initial weights and the data order.",
    )

    _epsilons = field_validator("epsilons")(distinct)
    _seeds = field_validator("seeds")(distinct)


class LinearGrid(_Grid):
    """The runs of a linear experiment."""

    noise: list[Literal["aligned", "random", "opposed"]] = Field(
        default=["aligned"],
        min_length=1,
        description="Noise arms: aligned (the optimal noise), random (one fixed direction per "
        "sample), opposed (the optimal noise reversed).",
    )

    _noise = field_validator("noise")(distinct)


class NetworkGrid(_Grid):
    """The runs of a network experiment."""


def token(epsilon: float) -> str:
    """Epsilon in paths and job specs: the shortest decimal that reads back as the same float.

    >>> token(0.5), token(3), token(0.0)
    ('0.5', '3', '0')
    """
    value = float(epsilon)
    return str(int(value)) if value.is_integer() and math.fabs(value) < 1e15 else repr(value)
