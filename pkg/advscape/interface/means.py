"""Means over samples with their errors."""

import math

from torch import Tensor

from advscape.curvature.optimality import Optimality as Examined
from advscape.interface.records import Mean, Optimality


def mean(values: Tensor) -> Mean:
    """Exact mean of (n,) values, summed in float64, and its standard error."""
    values, n = values.double(), len(values)
    stderr = float(values.std()) / math.sqrt(n) if n > 1 else math.nan
    return Mean(float(values.mean()), stderr, n)


def optimality(residuals: Tensor, losses: Tensor, found: Examined) -> Optimality:
    """What an attack left.

    Args:
        residuals: (n,) of its outcome, from the first-order condition.
        losses: (n,) there.
        found: what its samples are once they have been brought to maxima.
    """
    gain, valid = mean(found.losses.double() - losses.double()), found.valid
    some = found.n_valid > 0
    return Optimality(
        float(residuals.median()),
        gain.value,
        gain.stderr,
        float(found.distances[valid].max()) if some else math.nan,
        float(found.firmness[valid].min()) if some else math.nan,
        found.counts(),
        found.loss_shares(),
        len(valid),
        found.n_valid,
        found.measurable,
    )
