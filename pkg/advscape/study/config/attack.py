"""Attacks of a network experiment: inside training, and as judges."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from advscape.study.config.section import Count, Kind, OneOf, Positive

RelativeStep = Annotated[Positive, Field(description="Step size as a multiple of epsilon / steps.")]


class AttackSection(Kind):
    """An attack, made with the threat model.

    Attributes:
        noise: the noise arm of networks that are trained with it.
        in_training: whether networks can be trained with it.
    """

    noise: ClassVar[str] = "aligned"
    in_training: ClassVar[bool] = True


class PGDAttack(AttackSection):
    """Projected gradient descent (Madry et al. 2018, arXiv 1706.06083)."""

    made_by = "advscape.attacks.pgd:pgd"

    name: Literal["pgd"] = Field(default="pgd", description="pgd, which no name means too.")
    steps: Count = Field(description="Gradient steps.")
    relative_step: RelativeStep = 2.5
    restarts: Count = Field(default=1, description="Starts; the worst one of each sample counts.")
    random_start: bool = Field(
        default=True, description="Start uniformly in the ball, else at the clean input."
    )


class FGSMAttack(AttackSection):
    """One step of length epsilon from the clean input (Goodfellow et al. 2015, 1412.6572)."""

    made_by = "advscape.attacks.pgd:fgsm"

    name: Literal["fgsm"] = Field(description="fgsm: one step.")


class RandomNoise(AttackSection):
    """Noise of length epsilon in a random direction: the control that knows no gradient."""

    made_by = "advscape.attacks.random_noise:RandomNoise"
    noise = "random"

    name: Literal["random"] = Field(
        description="random: uniform on the sphere (l2), each pixel at -epsilon or epsilon (linf)."
    )


class OpposedNoise(AttackSection):
    """PGD that lowers the loss: the control that knows the gradient and reverses it."""

    made_by = "advscape.attacks.pgd:opposed"
    noise = "opposed"

    name: Literal["opposed"] = Field(description="opposed: PGD with the loss's sign reversed.")
    steps: Count = Field(description="Gradient steps.")
    relative_step: RelativeStep = 2.5


class AutoAttack(AttackSection):
    """AutoAttack (Croce and Hein 2020, arXiv 2003.01690) as pyautoattack 0.2.0 repackages it."""

    made_by = "advscape.attacks.autoattack:AutoAttack"
    in_training = False

    name: Literal["autoattack"] = Field(
        description="autoattack: the standard ensemble; below four classes APGD-CE, FAB and Square."
    )
    samples: Count = Field(default=1000, description="At most so many samples of each split.")


#: the attacks by name
ATTACKS: dict[str, type[AttackSection]] = {
    "pgd": PGDAttack,
    "fgsm": FGSMAttack,
    "random": RandomNoise,
    "opposed": OpposedNoise,
    "autoattack": AutoAttack,
}

TrainingAttack = Annotated[AttackSection, OneOf(ATTACKS, "pgd", lambda attack: attack.in_training)]
EvaluationAttack = Annotated[AttackSection, OneOf(ATTACKS, "pgd")]
