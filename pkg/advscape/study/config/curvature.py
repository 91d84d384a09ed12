"""The config of Hessians."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from advscape.study.config.attack import PGDAttack
from advscape.study.config.section import (
    Count,
    Natural,
    Positive,
    Section,
    Share,
    distinct,
)


class LinearCurvature(Section):
    """Closed form on all training and test samples: nothing to set."""


class Response(Section):
    """How the attack's response to the weights is measured (L2)."""

    refine_steps: Count = Field(
        default=200, description="Gradients a sample may take to come to its maximum."
    )
    kkt_tol: Positive = Field(
        default=1e-4,
        description="Largest KKT residual |g/|g| - delta/epsilon| of a sample whose response is "
        "measured; float32 reaches about 1e-5.",
    )
    cg_tolerance: Positive = Field(
        default=1e-3, description="Relative residual of each sample's system; smooth networks."
    )
    cg_steps: Count = Field(
        default=100, description="Steps after which a system is given up, and the log says so."
    )
    probes: Annotated[int, Field(ge=2)] = Field(
        default=10, description="Rademacher probes of the traces of response and total."
    )


class FiniteScale(Section):
    """Second differences of the re-attacked loss, where maxima sit at kinks (ReLU)."""

    radius: Positive = Field(
        default=0.01, description="Length of the steps, relative to |w| of all parameters."
    )
    random: Count = Field(
        default=1, description="Random directions, beside the top frozen eigenvector."
    )


class Spectrum(Section):
    """Spectral density by stochastic Lanczos quadrature."""

    probes: Annotated[int, Field(ge=2)] = Field(default=10, description="Random vectors.")
    steps: Annotated[int, Field(ge=2)] = Field(default=80, description="Products per probe.")
    points: Annotated[int, Field(ge=10)] = Field(default=500, description="Rows of the curve.")
    width: Positive = Field(
        default=0.01, description="Standard deviation of the Gaussian, relative to the range."
    )


class NetworkCurvature(Section):
    """Hessians of the clean and the adversarial loss: frozen part, response, total."""

    samples: Count = Field(
        description="At most so many samples of each split, drawn once per run from its seed."
    )
    splits: list[Literal["train", "test"]] = Field(
        default=["train", "test"], min_length=1, description="Samples of which sets."
    )
    attack: PGDAttack = Field(description="The attack that makes the noise, refined afterwards.")
    tolerance: Positive = Field(
        default=1e-3, description="Lanczos stops at this residual |Hv - lambda v| / |lambda|."
    )
    max_products: Count = Field(
        default=60, description="Hessian-vector products after which Lanczos gives up, and says so."
    )
    probes: Annotated[int, Field(ge=2)] = Field(
        description="Rademacher probes of the trace, the same for every run; with trace_accuracy "
        "at most so many."
    )
    trace_accuracy: Share | None = Field(
        default=None,
        description="Wanted standard error of a trace, relative to it; some 1 / accuracy^2 probes.",
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
