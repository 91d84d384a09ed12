"""How far an eigenvalue depends on which samples the Hessian is a mean over."""

import logging
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from advscape.curvature.lanczos import Eigenpair, Extremes
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.rounding import check_rounding
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


def confirmed_forms(operator: CurvatureOperator, pair: Eigenpair) -> Tensor | None:
    """What each sample adds to an eigenvalue, v . H_i v: (n,) float64, confirmed by float64.

    None, and a line in the log, where the network's second derivatives cannot be taken forwards.

    Raises:
        UnprovenHessian: see :func:`advscape.curvature.rounding.check_rounding`.
        OutOfMemoryError: memory does not hold the samples.
    """
    try:
        forms = operator.by_sample(pair.vector).double()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        _LOG.info("%s: not by single samples: %s", type(operator).__name__, in_words(error))
        return None
    check_rounding(operator, pair, forms)
    return forms


def confirmed_error(operator: CurvatureOperator, extremes: Extremes, n: int) -> SampleError | None:
    """:func:`sample_error` of the first pair, once float64 has confirmed both ends' first ones.

    Raises:
        UnprovenHessian: see :func:`confirmed_forms`.
    """
    first, *others = extremes.top[:1] + extremes.bottom[:1]
    for pair in others:
        confirmed_forms(operator, pair)
    return sample_error(operator, first, n)


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

    Raises:
        UnprovenHessian: see :func:`confirmed_forms`.
    """
    forms = confirmed_forms(operator, pair)
    if n < 2:
        return None
    values, weights = _single(forms, pair) or _batches(operator, pair, n)
    away = values - (weights * values).sum()
    square = float((weights * away).square().sum()) * len(values) / (len(values) - 1)
    return SampleError(math.sqrt(square), n)


def _single(forms: Tensor | None, pair: Eigenpair) -> tuple[Tensor, Tensor] | None:
    if forms is None:
        return None
    mean = float(forms.mean())
    if abs(mean - pair.value) <= _AGREES * abs(pair.value) + pair.residual:
        return forms, torch.full_like(forms, 1 / len(forms))
    _LOG.info(
        "standard error over samples by batches: the mean of single samples is %.4g and not %.4g",
        mean, pair.value,
    )  # fmt: skip
    return None


def _batches(operator: CurvatureOperator, pair: Eigenpair, n: int) -> tuple[Tensor, Tensor]:
    values, sizes = operator.by_batches(pair.vector, math.ceil(n / _BATCHES))
    return values, sizes.double() / n
