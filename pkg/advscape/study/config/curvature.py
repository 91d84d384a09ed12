"""The config of Hessians."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from advscape.study.config.attack import PGDAttack
from advscape.study.config.section import (
    Count,
    Natural,
    Positive,
    Section,
    Share,
    distinct,
)
from advscape.study.config.states import Measured


class LinearCurvature(Section):
    """Closed form on all training and test samples: nothing to set."""


class Response(Section):
    """How the attack's response to the weights is measured."""

    refine_steps: Count = Field(
        default=200, description="Gradients a sample may take to come near its maximum."
    )
    polish_steps: Annotated[int, Field(ge=0)] = Field(
        default=30,
        description="Newton steps that it may take from there, by losses and gradients in float64.",
    )
    kkt_tol: Positive = Field(
        default=1e-4,
        description="Largest distance to the maximum, over epsilon, of a sample whose response is "
        "measured; inputs that are float32 reach about 1e-7 / epsilon.",
    )
    cg_tolerance: Positive = Field(
        default=1e-3, description="Relative residual of each sample's system."
    )
    cg_steps: Count = Field(
        default=100, description="Steps after which a system is given up, and the log says so."
    )
    probes: Annotated[int, Field(ge=2)] = Field(
        default=10, description="Rademacher probes of the traces of response and total."
    )


class FiniteScale(Section):
    """Largest second differences of the loss, where networks have kinks or no response."""

    radii: list[Positive] = Field(
        default=[0.001, 0.01],
        min_length=1,
        description="Lengths of the steps, relative to |w| of all parameters.",
    )
    steps: Count = Field(default=8, description="Directions that the search tries.")
    attack_steps: Count = Field(
        default=3, description="Gradients of a sample at each, from where the last one ended."
    )
    random: Annotated[int, Field(ge=0)] = Field(
        default=1, description="Random directions beside it."
    )

    _radii = field_validator("radii")(distinct)


class Spectrum(Section):
    """Spectral density by stochastic Lanczos quadrature."""

    probes: Annotated[int, Field(ge=2)] = Field(default=10, description="Random vectors.")
    steps: Annotated[int, Field(ge=2)] = Field(default=80, description="Products per probe.")
    points: Annotated[int, Field(ge=10)] = Field(default=500, description="Rows of the curve.")
    width: Positive = Field(
        default=0.01, description="Standard deviation of the Gaussian, relative to the range."
    )


class NetworkCurvature(Measured):
    """Hessians of the clean and the adversarial loss: frozen part, response, total."""

    samples: Count = Field(
        description="At most so many samples of each split, drawn once per run from its seed."
    )
    splits: list[Literal["train", "test"]] = Field(
        default=["train", "test"], min_length=1, description="Samples of which sets."
    )
    attack: PGDAttack = Field(description="The attack that makes the noise, refined afterwards.")
    tolerance: Positive = Field(
        default=1e-3,
        description="Lanczos stops at this residual |Hv - lambda v| / |lambda|; a lambda below a "
        "tenth of the largest |lambda| counts as that tenth.",
    )
    largest: Count = Field(default=1, description="How many of the largest eigenvalues.")
    smallest: Annotated[int, Field(ge=0)] = Field(
        default=0, description="How many of the smallest eigenvalues."
    )
    max_products: Count = Field(
        default=60,
        validate_default=True,
        description="Hessian-vector products after which Lanczos gives up, and says so.",
    )
    probes: Annotated[int, Field(ge=2)] = Field(
        description="Rademacher probes of the trace, the same for every run; with trace_accuracy "
        "at most so many."
    )
    trace_accuracy: Share | None = Field(
        default=None,
        description="Wanted standard error of a trace, relative to it; at most some 1 / accuracy^2 "
        "probes.",
    )
    response: Response = Field(default=Response(), description="The attack's response.")
    finite_scale: FiniteScale = Field(
        default=FiniteScale(), description="What stands in for it where it is not measurable."
    )
    spectrum: Spectrum | None = Field(
        default=None, description="Spectral densities; none unless given."
    )
    seed: Natural = Field(
        default=0, description="Draws the probes and the start of Lanczos, for every run alike."
    )
    batch_size: Count = Field(default=256, description="Samples per Hessian-vector product.")

    eigenvectors: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="How many of the largest eigenvectors of the frozen adversarial Hessian to "
        "keep, for directions of the landscape; over the first split.",
    )

    _splits = field_validator("splits")(distinct)

    @field_validator("max_products")
    @classmethod
    def _enough(cls, value: int, info: ValidationInfo) -> int:
        largest, smallest = (info.data.get(name, 1) for name in ("largest", "smallest"))
        if largest + smallest > value:
            raise ValueError(
                f"{largest + smallest} or more, for {largest} largest and {smallest} smallest "
                "eigenvalues"
            )
        return value
