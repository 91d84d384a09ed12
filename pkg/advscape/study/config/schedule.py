"""Courses of the learning rate."""

from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator

from advscape.study.config.section import Kind, Share


class ScheduleSection(Kind):
    """A course of the learning rate."""


class CyclicRate(ScheduleSection):
    """Linear from 0 to the peak and back to 0 (Wong et al. 2020, arXiv 2001.03994)."""

    made_by = "advscape.training.schedule:cyclic"

    name: Literal["cyclic"] = Field(description="cyclic: up to the peak, and down to 0.")
    peak: Share = Field(default=0.4, description="Share of all steps at which the peak lies.")


class CosineRate(ScheduleSection):
    """Half a cosine from the learning rate to 0 (Loshchilov and Hutter 2017, 1608.03983)."""

    made_by = "advscape.training.schedule:cosine"

    name: Literal["cosine"] = Field(description="cosine: half a cosine down to 0.")


class PiecewiseRate(ScheduleSection):
    """Constant, and lower after each milestone (Rice et al. 2020, arXiv 2002.11569)."""

    made_by = "advscape.training.schedule:piecewise"

    name: Literal["piecewise"] = Field(description="piecewise: lowered at milestones.")
    milestones: list[Share] = Field(
        default=[0.5, 0.75], description="Shares of all epochs after which the rate is lowered."
    )
    factor: Share = Field(default=0.1, description="What it is multiplied by.")

    @field_validator("milestones")
    @classmethod
    def _rising(cls, values: list[float]) -> list[float]:
        if any(a >= b for a, b in pairwise(values)):
            raise ValueError("numbers between 0 and 1 that rise")
        return values


#: the schedules by name
SCHEDULES: dict[str, type[ScheduleSection]] = {
    "cyclic": CyclicRate,
    "cosine": CosineRate,
    "piecewise": PiecewiseRate,
}
