"""How far an eigenvalue depends on which samples the Hessian is a mean over."""

import logging
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from advscape.curvature.lanczos import Eigenpair
from advscape.curvature.operator import CurvatureOperator
from advscape.errors import in_words

_LOG = logging.getLogger("advscape.curvature")
#: batches that are compared where single samples cannot be: the error's own error is a fifth
_BATCHES = 16
#: of what single samples say, largest difference of the mean from the eigenvalue that passes
_AGREES = 0.05


@dataclass(frozen=True)
class SampleError:
    """Standard error of an eigenvalue over samples.

    Attributes:
        value: of the mean over all samples.
        n: number of samples.
    """

    value: float
    n: int

    def needed(self, eigenvalue: float, share: float = 0.1) -> float:
        """Samples with which the error would be this share of the eigenvalue."""
        wanted = share * abs(eigenvalue)
        return self.n * (self.value / wanted) ** 2 if wanted else math.inf

    def words(self, eigenvalue: float) -> str:
        """What it means for the number of samples.

        >>> SampleError(0.01, 32).words(1.0), SampleError(0.25, 32).words(1.0)
        ('within a tenth of it', 'about 200 samples would bring it to a tenth of it')
        """
        needed = self.needed(eigenvalue)
        if needed <= self.n:
            return "within a tenth of it"
        return f"about {needed:.3g} samples would bring it to a tenth of it"


def sample_error(operator: CurvatureOperator, pair: Eigenpair, n: int) -> SampleError | None:
    r"""Standard error of v . H v over samples, v the eigenvector.

    To first order an eigenvalue moves with the matrix as v . H v does, its eigenvector held. How
    that turns with the samples is of second order: with few samples it makes lambda_max larger than
    with all, which this error does not tell.

    What each sample adds, v . H_i v, must have the eigenvalue as its mean. Where it has not, or
    cannot be taken, 16 batches are compared by products of their own,

    .. math:: s^2 = \frac{B}{B - 1} \sum_b (n_b / n)^2 (v \cdot H_b v - v \cdot H v)^2.

    Args:
        operator: a mean over samples.
        pair: of the operator.
        n: number of samples; None is returned for a single one.
    """
    if n < 2:
        return None
    values, weights = _single(operator, pair, n) or _batches(operator, pair, n)
    away = values - (weights * values).sum()
    square = float((weights * away).square().sum()) * len(values) / (len(values) - 1)
    return SampleError(math.sqrt(square), n)


def _single(operator: CurvatureOperator, pair: Eigenpair, n: int) -> tuple[Tensor, Tensor] | None:
    try:
        values = operator.by_sample(pair.vector).double()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        reason = in_words(error)
    else:
        mean = float(values.mean())
        if abs(mean - pair.value) <= _AGREES * abs(pair.value) + pair.residual:
            return values, torch.full_like(values, 1 / n)
        reason = f"their mean is {mean:.4g} and not {pair.value:.4g}"
    _LOG.info("standard error over samples by batches: not by single samples (%s)", reason)
    return None


def _batches(operator: CurvatureOperator, pair: Eigenpair, n: int) -> tuple[Tensor, Tensor]:
    values, sizes = operator.by_batches(pair.vector, math.ceil(n / _BATCHES))
    return values, sizes.double() / n
