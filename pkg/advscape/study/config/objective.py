"""What training minimises."""

from typing import Annotated, Literal

from pydantic import Field

from advscape.study.config.section import Count, Kind, Natural, NonNegative, Positive, Share


class ObjectiveSection(Kind):
    """An objective, made with a :class:`advscape.training.treatment.Setting`."""


class AdversarialObjective(ObjectiveSection):
    """Cross-entropy on attacked inputs (Madry et al. 2018); at epsilon 0 standard training."""

    made_by = "advscape.training.treatment:adversarial"

    name: Literal["at"] = Field(description="at: loss on attacked inputs.")


class TradesObjective(ObjectiveSection):
    """Clean loss plus beta times the divergence it takes to attack (Zhang et al. 2019,
    arXiv 1901.08573, equation 5).
    """

    made_by = "advscape.training.treatment:trades"

    name: Literal["trades"] = Field(description="trades: the attack maximises a KL divergence.")
    beta: Positive = Field(default=6.0, description="Weight of the divergence (1/lambda there).")


class MARTObjective(ObjectiveSection):
    """Boosted cross-entropy on attacked inputs plus beta times a divergence that is weighted by how
    badly the clean input is classified (Wang et al., ICLR 2020, equation 12).
    """

    made_by = "advscape.training.treatment:mart"

    name: Literal["mart"] = Field(description="mart: misclassification-aware training.")
    beta: Positive = Field(default=5.0, description="Weight of the divergence (lambda there).")


class SAMObjective(ObjectiveSection):
    """Sharpness-aware minimisation on attacked inputs (Foret et al. 2021, arXiv 2010.01412)."""

    made_by = "advscape.training.treatment:sam"

    name: Literal["sam"] = Field(description="sam: the gradient of the sharpest weights nearby.")
    rho: Positive = Field(
        default=0.05,
        description="Length of the move to them; adaptive, relative to the weights, some ten times "
        "as much is usual.",
    )
    adaptive: bool = Field(
        default=False,
        description="Measure it relative to each weight (ASAM: Kwon et al. 2021, 2102.11600).",
    )


class AWPObjective(ObjectiveSection):
    """Adversarial training at adversarially perturbed weights (Wu et al. 2020, 2004.05884)."""

    made_by = "advscape.training.treatment:awp"

    name: Literal["awp"] = Field(description="awp: adversarial weight perturbation.")
    gamma: Positive = Field(
        default=5e-3, description="Size of the perturbation, relative to each layer's weights."
    )
    warmup: Natural = Field(default=0, description="Epochs without it at the beginning.")


class EntropySGDObjective(ObjectiveSection):
    """Entropy-SGD on the adversarial loss (Chaudhari et al. 2017, 1611.01838, algorithm 1).

    ``learning_rate`` is the step size eta' of its Langevin steps; they have no momentum.
    """

    made_by = "advscape.training.treatment:entropy_sgd"

    name: Literal["entropy_sgd"] = Field(description="entropy_sgd: descends the local entropy.")
    inner_steps: Count = Field(default=20, description="L: Langevin steps for one step outside.")
    scope: NonNegative = Field(default=0.03, description="gamma: pull towards the outer weights.")
    noise: NonNegative = Field(default=1e-4, description="epsilon there: thermal noise.")
    averaging: Share = Field(default=0.75, description="alpha: of the running mean of weights.")
    outer_step: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="eta gamma: share of the way to the mean that a step goes."
    )


#: the objectives by name
OBJECTIVES: dict[str, type[ObjectiveSection]] = {
    "at": AdversarialObjective,
    "trades": TradesObjective,
    "mart": MARTObjective,
    "awp": AWPObjective,
    "sam": SAMObjective,
    "entropy_sgd": EntropySGDObjective,
}
