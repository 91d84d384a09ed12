"""The config of a threat model."""

from typing import Literal

from pydantic import Field

from advscape.study.config.section import (
    Section,
)


class Threat(Section):
    """What the adversary may do to an input whose pixels lie in [0, 1]."""

    norm: Literal["l2", "linf"] = Field(description="Norm of the perturbation: l2 or linf.")
    box: bool = Field(
        default=False,
        description="Keep perturbed inputs inside [0, 1]. Without the box the closed form of "
        "linear models is exact; with it the threat model is another one, with a smaller loss.",
    )
