"""How a network is trained."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator

from advscape.study.config.attack import TrainingAttack
from advscape.study.config.section import (
    Count,
    Kind,
    Natural,
    NonNegative,
    OneOf,
    Positive,
    Section,
    Share,
)


class Schedule(Kind):
    """A course of the learning rate."""


class CyclicRate(Schedule):
    """Linear from 0 to the peak and back to 0 (Wong et al. 2020, arXiv 2001.03994)."""

    made_by = "advscape.training.schedule:cyclic"

    name: Literal["cyclic"] = Field(description="cyclic: up to the peak, and down to 0.")
    peak: Share = Field(default=0.4, description="Share of all steps at which the peak lies.")


class CosineRate(Schedule):
    """Half a cosine from the learning rate to 0 (Loshchilov and Hutter 2017, 1608.03983)."""

    made_by = "advscape.training.schedule:cosine"

    name: Literal["cosine"] = Field(description="cosine: half a cosine down to 0.")


class PiecewiseRate(Schedule):
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
SCHEDULES: dict[str, type[Schedule]] = {
    "cyclic": CyclicRate,
    "cosine": CosineRate,
    "piecewise": PiecewiseRate,
}


class Objective(Kind):
    """An objective, made with a :class:`advscape.training.treatment.Setting`."""


class AdversarialObjective(Objective):
    """Cross-entropy on attacked inputs (Madry et al. 2018); at epsilon 0 standard training."""

    made_by = "advscape.training.treatment:adversarial"

    name: Literal["at"] = Field(description="at: loss on attacked inputs.")


class TradesObjective(Objective):
    """Clean loss plus beta times the divergence it takes to attack (Zhang et al. 2019,
    arXiv 1901.08573, equation 5).
    """

    made_by = "advscape.training.treatment:trades"

    name: Literal["trades"] = Field(description="trades: the attack maximises a KL divergence.")
    beta: Positive = Field(default=6.0, description="Weight of the divergence (1/lambda there).")


class AWPObjective(Objective):
    """Adversarial training at adversarially perturbed weights (Wu et al. 2020, 2004.05884)."""

    made_by = "advscape.training.treatment:awp"

    name: Literal["awp"] = Field(description="awp: adversarial weight perturbation.")
    gamma: Positive = Field(
        default=5e-3, description="Size of the perturbation, relative to each layer's weights."
    )
    warmup: Natural = Field(default=0, description="Epochs without it at the beginning.")


class EntropySGDObjective(Objective):
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
OBJECTIVES: dict[str, type[Objective]] = {
    "at": AdversarialObjective,
    "trades": TradesObjective,
    "awp": AWPObjective,
    "entropy_sgd": EntropySGDObjective,
}


class Augmentation(Section):
    """Random changes of each training image, made on the device."""

    padding: Natural = Field(
        default=0,
        description="Crop at random from the image padded by so many zero pixels; 4 is usual.",
    )
    flip: bool = Field(default=False, description="Mirror left and right with probability 1/2.")


class Monitor(Section):
    """What is measured while training goes on, for the history and to choose the best epoch."""

    every: Count = Field(default=1, description="Epochs between measurements; the last is one.")
    samples: Count = Field(
        default=1000,
        description="At most so many validation and test samples, in eval mode, "
        "under the training attack.",
    )


class NetworkTraining(Section):
    """Adversarial training by SGD."""

    epochs: Count = Field(description="Passes over the training set.")
    batch_size: Count = Field(default=128, description="Samples per step; the last may be short.")
    learning_rate: Positive = Field(default=0.1, description="Peak learning rate.")
    schedule: Annotated[Schedule, OneOf(SCHEDULES)] = Field(
        default=CyclicRate(name="cyclic"), description="Course of the learning rate."
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.9, description="Of SGD.")
    weight_decay: NonNegative = Field(
        default=5e-4, description="Of SGD, on all parameters as the literature does."
    )
    objective: Annotated[Objective, OneOf(OBJECTIVES)] = Field(
        default=AdversarialObjective(name="at"), description="What is minimised."
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="Of the training loss; measurements have none."
    )
    augmentation: Augmentation = Field(
        default=Augmentation(), description="Of training images; none unless given."
    )
    attack: TrainingAttack = Field(description="The attack inside training.")
    attack_batch_norm: Literal["train", "eval"] | None = Field(
        default=None,
        description="Statistics that batch norm uses while attacking in training: of the batch "
        "(train) or the running ones (eval), which never move. Unless given what the objective's "
        "authors do: eval for trades, train for the others.",
    )
    monitor: Monitor = Field(default=Monitor(), description="Measurements between epochs.")


class LinearTraining(Section):
    """The convex problem, and whether it is solved or descended for a while."""

    weight_decay: NonNegative = Field(
        description="lambda of the penalty (lambda / 2) |w|^2, on the weights and not on the bias; "
        "above 0 unless gradient_steps is given."
    )
    tolerance: Positive = Field(
        default=1e-9, description="Largest absolute entry of the gradient at the solution."
    )
    gradient_steps: Count | None = Field(
        default=None,
        description="Stop plain gradient descent after so many steps instead of solving: what "
        "training for a while does where there may be no minimiser.",
    )
    learning_rate: Positive = Field(
        default=0.3, description="Step size of gradient descent, with gradient_steps only."
    )
