"""Rows of finite_scale.csv: curvature over a radius, of one split of a run's samples."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from advscape.attacks.samples import AttackedSamples
from advscape.curvature.finite_scale import ScaleCurvature, Search, largest_curvature
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.measure import Measured

if TYPE_CHECKING:
    from advscape.study.config.curvature import FiniteScale

_LOG = logging.getLogger("advscape.curvature")
#: gradients of a sample at the end of a search, for each at a direction before
_FINAL = 2


def finite_scale(
    model: nn.Module,
    samples: AttackedSamples,
    operator: HessianOperator,
    frozen: Measured,
    settings: FiniteScale,
    batch_size: int,
    generator: Callable[[str], torch.Generator],
) -> Iterator[dict[str, Any]]:
    """The largest second differences, and some along random directions, at each scale.

    Args:
        model: left as it was.
        samples: attacked.
        operator: the frozen Hessian at these samples.
        frozen: what was found of it; its first eigenvector is where all searches start.
        settings: the config's section.
        batch_size: samples that go through the model at once.
        generator: makes the random stream of a name.
    """
    steps, final = settings.attack_steps, _FINAL * settings.attack_steps
    draws = generator("finite-scale directions")
    directions = [operator.random_vector(draws) for _ in range(settings.random)]

    def along(start: Tensor, radius: float, search: Search) -> dict[str, Any]:
        again, held = (
            largest_curvature(
                model, samples, start, radius, search, batch_size, frozen=hold,
                generator=generator("finite-scale restart"),
            )
            for hold in (False, True)
        )  # fmt: skip
        return _columns(again, held)

    for scale in settings.radii:
        radius = scale * frozen.norm2**0.5
        size = {"scale": scale, "radius": radius, "n": len(samples)}
        largest = along(frozen.top.vector, radius, Search(settings.steps, steps, final))
        _LOG.info(
            "largest curvature at %g |w|: attacked again %.4g, frozen %.4g; the last steps gained "
            "%.2g; missing at w at most %.2g",
            scale, largest["total"], largest["frozen"], largest["total_gain"],
            largest["centre_missing"],
        )  # fmt: skip
        yield {"direction": "largest"} | size | largest
        for index, direction in enumerate(directions):
            found = along(direction, radius, Search(1, steps, final))
            yield {"direction": "random", "direction_index": index} | size | found


def _columns(again: ScaleCurvature, held: ScaleCurvature) -> dict[str, Any]:
    return {
        "total": again.value,
        "total_stderr": again.stderr,
        "total_gain": again.gain,
        "frozen": held.value,
        "frozen_stderr": held.stderr,
        "frozen_gain": held.gain,
        "centre_missing": again.centre_missing,
        "ends_missing": again.ends_missing,
        "gradients": again.gradients + held.gradients,
    }
