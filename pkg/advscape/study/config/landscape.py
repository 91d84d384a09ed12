"""The section ``landscape``: lines and planes in weight space."""

from math import isclose
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from advscape.landscape.catalogue import DIRECTIONS, Noise
from advscape.study.config.attack import PGDAttack
from advscape.study.config.section import Count, NameOf, Natural, Positive, Section, distinct
from advscape.study.config.states import Measured

Kind = Annotated[str, NameOf(DIRECTIONS)]
PlaneKind = Annotated[str, NameOf(DIRECTIONS, lambda name: DIRECTIONS[name].in_planes)]


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("an odd integer, so that alpha = 0 is a point")
    return value


Points = Annotated[int, Field(ge=3), AfterValidator(_odd)]


class Flatness(Section):
    """Numbers read from the lines."""

    radii: list[Positive] | None = Field(
        default=None,
        min_length=1,
        description="Values of alpha at which the rise is read, each a point of the lines; their "
        "ends unless given.",
    )
    level: Positive = Field(
        default=0.5, description="Rise of the loss between whose two crossings the width is read."
    )


class LinearPlane(Section):
    """2-D landscapes L(w + alpha d1 + beta d2)."""

    seeds: list[Natural] = Field(
        default=[0, 1],
        min_length=2,
        max_length=2,
        description="Of the two directions; with eigenvectors their ranks, 0 the largest.",
    )
    radius: Positive = Field(default=1.0, description="Largest |alpha| and |beta|.")
    points: Points = Field(default=11, description="Values of alpha, and of beta; odd.")

    _seeds = field_validator("seeds")(distinct)


class NetworkPlane(LinearPlane):
    """The same for networks."""

    direction: PlaneKind = Field(
        default="filter-normalised", description="Kind of both directions, as of the lines."
    )
    attacks: list[Noise] = Field(
        default=["frozen"], min_length=1, description="Losses of the plane, as of the lines."
    )

    _attacks = field_validator("attacks")(distinct)


class LinearLandscape(Section):
    """1-D landscapes g(alpha) = L(w + alpha d) along filter-normalised Gaussian directions d."""

    direction_seeds: list[Natural] = Field(
        min_length=1, description="One direction each, the same for every run."
    )
    radius: Positive = Field(default=1.0, description="Largest |alpha|.")
    points: Points = Field(
        default=21, description="Values of alpha from -radius to radius; odd, so that 0 is one."
    )
    step: Positive = Field(
        default=0.02,
        description="Two more values of alpha, -step and step, whose second difference is to agree "
        "with the Hessian.",
    )
    flatness: Flatness = Field(default=Flatness(), description="What is read from the lines.")
    plane: LinearPlane | None = Field(default=None, description="A plane; none unless given.")

    _seeds = field_validator("direction_seeds")(distinct)

    @model_validator(mode="after")
    def _on_the_line(self) -> "LinearLandscape":
        half = self.points // 2
        allowed = [self.radius * i / half for i in range(1, half + 1)]
        if self.step >= allowed[0]:
            raise ValueError(
                f"step: got {self.step}; allowed: below {allowed[0]:g}, the next point"
            )
        for radius in self.flatness.radii or []:
            if not any(isclose(radius, value) for value in allowed):
                values = ", ".join(f"{value:g}" for value in allowed)
                raise ValueError(f"flatness.radii: got {radius:g}; allowed: {values}")
        return self

    @property
    def rise_radii(self) -> list[float]:
        """Where the rise is read."""
        return self.flatness.radii or [self.radius]


class NetworkLandscape(LinearLandscape, Measured):
    """The same for networks, with the attack regenerated at every point."""

    directions: list[Kind] = Field(
        default=["filter-normalised"],
        min_length=1,
        description="Kinds of lines. Gaussian draws over weights of two or more axes: raw, "
        "gaussian (as long as w as a whole), layer-normalised, filter-normalised; one for each "
        "seed. eigenvector: those that curvature.eigenvectors keeps, of length 1. "
        "best-checkpoint, initial-weights: alpha = 1 is that checkpoint, running statistics too.",
    )
    attacks: list[Noise] = Field(
        default=["none", "frozen", "regenerated"],
        min_length=1,
        description="Losses of the lines: none is the clean one, frozen keeps the noise of "
        "alpha = 0, regenerated attacks at every point.",
    )
    splits: list[Literal["train", "test"]] = Field(
        default=["train"], min_length=1, description="Samples of which sets."
    )
    samples: Count = Field(description="Samples of each split, drawn once per run from its seed.")
    attack: PGDAttack = Field(description="The attack.")
    batch_size: Count = Field(default=512, description="Samples per forward pass.")
    plane: NetworkPlane | None = Field(default=None, description="A plane; none unless given.")
    jobs: Count = Field(
        default=1, description="Jobs that share the points of a run; the tables stay the same."
    )

    _lists = field_validator("directions", "attacks", "splits")(distinct)

    @property
    def eigenvectors(self) -> int:
        """How many eigenvectors are needed."""
        along = [kind for kind in self.directions if DIRECTIONS[kind].needs == "eigenvectors"]
        ranks = [0] if along else []
        if self.plane is not None and DIRECTIONS[self.plane.direction].needs == "eigenvectors":
            ranks += self.plane.seeds
        return max(ranks, default=-1) + 1

    @property
    def needs(self) -> set[str]:
        """Files that its lines and its plane are made from, beside the weights."""
        kinds = [*self.directions, *([self.plane.direction] if self.plane else [])]
        return {needed for kind in kinds if (needed := DIRECTIONS[kind].needs) is not None}
