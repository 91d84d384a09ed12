"""A claim's decision rule, fixed in the config before any run."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from advscape.statistics.rules import RULES, descriptions
from advscape.study.config.landscape import Kind
from advscape.study.config.section import NameOf, Positive


class Select(BaseModel):
    """Which measurements a claim is about."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    split: Literal["train", "test"] = Field(default="train", description="Samples.")
    noise: Literal["aligned", "random", "opposed"] = Field(
        default="aligned", description="Noise arm."
    )
    regime: Literal["separable", "finite", "collapsed"] | None = Field(
        default=None,
        description="Only epsilons at which every seed's run is in this regime; all unless given.",
    )
    loss: Literal["adversarial", "clean"] = Field(
        default="adversarial", description="Loss whose Hessian is meant; not for rise."
    )
    hessian: Literal["frozen", "response", "total", "gauss-newton", "functional"] | None = Field(
        default=None, description="Part of the Hessian; needed but for rise."
    )
    attack: Literal["none", "frozen", "regenerated"] | None = Field(
        default=None,
        description="Attack along the landscape, or over a finite scale; needed for rise and "
        "finite_scale.",
    )
    scale: Positive | None = Field(
        default=None, description="One of curvature's finite scales; needed for finite_scale."
    )
    label: str | None = Field(
        default=None, description="Networks already trained: only those of this label."
    )
    epoch: int | None = Field(
        default=None, description="Networks already trained: only those of this epoch."
    )
    variant: str | None = Field(
        default=None, description="With variants: only the runs of this one; base is the first."
    )
    direction: Kind = Field(
        default="filter-normalised", description="Kind of the landscape's lines; for rise only."
    )


class ClaimConfig(BaseModel):
    """One claim about how a measured quantity changes with epsilon."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: Annotated[str, Field(pattern=r"^C[1-9]$")] = Field(description="Claim id, C1 to C9.")
    statement: str = Field(min_length=1, description="The claim in words.")
    rule: Annotated[str, NameOf(RULES)] = Field(description=descriptions())
    quantity: Literal[
        "lambda_max", "trace", "scaled_lambda_max", "scaled_trace", "rise", "finite_scale"
    ] = Field(
        description="A column of curvature.csv, or rise: the landscape's mean loss at the largest "
        "|alpha| minus its loss at 0, or finite_scale: the largest curvature over a finite scale."
    )
    select: Select = Field(description="Which measurements.")
    ratio: Annotated[float, Field(ge=1, allow_inf_nan=False)] = Field(
        default=1.0, description="Effect size of the rule."
    )
    level: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default=0.05, description="Level of the trend test."
    )

    @property
    def rows(self) -> dict[str, Any]:
        """Column and value of the rows that the claim is about."""
        of_table = {"rise": {"attack", "direction"}, "finite_scale": {"attack", "scale"}}
        own = of_table.get(self.quantity, {"loss", "hessian"})
        columns = {"split", "noise", "regime", "label", "epoch", "variant"} | own
        return self.select.model_dump(include=columns, exclude_none=True)
