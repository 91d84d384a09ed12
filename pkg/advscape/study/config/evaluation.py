"""The config of evaluations under attack."""

from pydantic import Field, field_validator

from advscape.study.config.attack import EvaluationAttack
from advscape.study.config.section import (
    Count,
    Radius,
    Section,
    distinct,
)
from advscape.study.config.states import Checkpoint


class LinearEvaluation(Section):
    """Loss and accuracy on train and test, clean and under the closed-form attack."""

    common_epsilon: Radius = Field(
        description="Radius at which all runs are compared, beside each run's own; 8/255 is read "
        "as such."
    )


class NetworkEvaluation(LinearEvaluation):
    """Loss and accuracy on train and test, clean and under attacks."""

    attacks: list[EvaluationAttack] = Field(
        min_length=1, description="The attacks; the same for train and test."
    )
    samples: Count | None = Field(
        default=None, description="At most so many samples of each split; all unless given."
    )
    batch_size: Count = Field(default=512, description="Samples per forward pass.")
    checkpoints: list[Checkpoint] | None = Field(
        default=None,
        min_length=1,
        description="Weights that are judged, as in curvature; unless given the last, and beside "
        "them the best and the averaged ones where there are such.",
    )

    _checkpoints = field_validator("checkpoints")(lambda given: given and distinct(given))
