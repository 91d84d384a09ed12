"""Attacks of a network experiment: inside training, and as judges."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from advscape.study.config.section import Count, Positive, Section

RelativeStep = Annotated[Positive, Field(description="Step size as a multiple of epsilon / steps.")]


class PGDAttack(Section):
    """Projected gradient descent (Madry et al. 2018, arXiv 1706.06083)."""

    name: Literal["pgd"] = Field(default="pgd", description="pgd, which no name means too.")
    steps: Count = Field(description="Gradient steps.")
    relative_step: RelativeStep = 2.5
    restarts: Count = Field(default=1, description="Starts; the worst one of each sample counts.")
    random_start: bool = Field(
        default=True, description="Start uniformly in the ball, else at the clean input."
    )


class FGSMAttack(Section):
    """One step of length epsilon from the clean input (Goodfellow et al. 2015, 1412.6572)."""

    name: Literal["fgsm"] = Field(description="fgsm: one step.")


class RandomNoise(Section):
    """Noise of length epsilon in a random direction: the control that knows no gradient."""

    name: Literal["random"] = Field(
        description="random: uniform on the sphere (l2), each pixel at -epsilon or epsilon (linf)."
    )


class OpposedNoise(Section):
    """PGD that lowers the loss: the control that knows the gradient and reverses it."""

    name: Literal["opposed"] = Field(description="opposed: PGD with the loss's sign reversed.")
    steps: Count = Field(description="Gradient steps.")
    relative_step: RelativeStep = 2.5


class AutoAttack(Section):
    """AutoAttack (Croce and Hein 2020, arXiv 2003.01690) as pyautoattack 0.2.0 repackages it."""

    name: Literal["autoattack"] = Field(
        description="autoattack: the standard ensemble; below four classes APGD-CE, FAB and Square."
    )
    samples: Count = Field(default=1000, description="At most so many samples of each split.")


def _name(value: Any) -> str:
    if isinstance(value, dict):
        return value.get("name", "pgd")
    return getattr(value, "name", "pgd")


TrainingAttack = Annotated[
    Annotated[PGDAttack, Tag("pgd")]
    | Annotated[FGSMAttack, Tag("fgsm")]
    | Annotated[RandomNoise, Tag("random")]
    | Annotated[OpposedNoise, Tag("opposed")],
    Discriminator(_name),
]
EvaluationAttack = Annotated[
    Annotated[PGDAttack, Tag("pgd")]
    | Annotated[FGSMAttack, Tag("fgsm")]
    | Annotated[RandomNoise, Tag("random")]
    | Annotated[OpposedNoise, Tag("opposed")]
    | Annotated[AutoAttack, Tag("autoattack")],
    Discriminator(_name),
]
