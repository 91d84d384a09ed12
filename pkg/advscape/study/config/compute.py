"""The config of the machine: device, precision, jobs."""

from typing import Annotated, Literal

from pydantic import Field

from advscape.study.config.section import (
    Count,
    Section,
)


class Compute(Section):
    """Where a network's jobs run."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto takes a GPU where there is one, else the CPU."
    )
    threads: Count = Field(
        default=1,
        description="Threads of a job and of torch on the CPU; they fix the order of float sums.",
    )
    jobs_per_device: Count = Field(
        default=1,
        description="Jobs that may share a GPU; the profile's `resources: gpu` says how many GPU "
        "jobs run at once on all devices together.",
    )
    seeds_per_job: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1,
        description="Seeds of one epsilon whose networks are measured in one job, so that tiny "
        "runs share its start-up: the first so many of the grid's, the next so many, and so on. "
        "Each network is trained in a job of its own.",
    )
    precision: Literal["float32", "tf32", "bfloat16"] = Field(
        default="float32",
        description="Arithmetic of training (tf32: of a GPU's products and convolutions), for "
        "bfloat16 also of the gradients of its and of the judges' attacks (autocast). Losses, "
        "accuracies, Hessians and landscapes are float32, never TF32. On a CPU bfloat16 is faster "
        "only with arithmetic for it (AMX or AVX-512 BF16); the job's log says where it has none.",
    )
    deterministic: bool = Field(
        default=True,
        description="Only kernels that give the same result every time. false allows layers that "
        "have no other on a GPU; a killed job then does not go on to the same weights.",
    )
