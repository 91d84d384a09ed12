"""Whether a sample is large enough: an estimate over its two halves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from advscape.curvature.products import Products

#: an operator over samples
H = TypeVar("H", bound=Products)


class Estimate(Protocol):
    """What the estimators return: an ``Eigenpair`` or a ``Trace``."""

    @property
    def value(self) -> float:
        """The estimate."""

    @property
    def products(self) -> int:
        """Products it took."""

    @property
    def converged(self) -> bool:
        """Whether it is as accurate as was asked."""


@dataclass(frozen=True)
class HalfSpread:
    """An estimate over two disjoint halves of the samples.

    Attributes:
        value: |first - second| / |their mean|; 0 where both are 0, infinite where only the mean is.
        first, second: the estimates over the halves.
        products: Hessian-vector products used, each over half the samples.
        converged: whether both estimates are.
    """

    value: float
    first: float
    second: float
    products: int
    converged: bool


def spread_over_halves(one: H, two: H, estimate: Callable[[H], Estimate]) -> HalfSpread:
    """How far an estimate differs between disjoint halves of the samples.

    An eigenvalue of few samples depends on which they are. Between two independent halves the
    value differs by about twice its standard deviation over samples of the whole size.

    Args:
        one: operator over one half of the samples.
        two: operator over the other half.
        estimate: of one operator; it makes its own generator from a fixed seed, so that its random
            vectors are the same for both halves and the spread is that of the samples.
    """
    first, second = estimate(one), estimate(two)
    mean, apart = abs(first.value + second.value) / 2, abs(first.value - second.value)
    spread = apart / mean if mean else (float("inf") if apart else 0.0)
    products = first.products + second.products
    return HalfSpread(
        spread, first.value, second.value, products, first.converged and second.converged
    )
