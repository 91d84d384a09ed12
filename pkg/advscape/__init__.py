"""advscape: how adversarial training shapes the weight loss landscape.

Folders follow the data: :mod:`advscape.study` says what is to be run, :mod:`advscape.data` makes
the arrays, then come training, evaluation, curvature, landscapes, tables, claims and figures.
:mod:`advscape.linear` holds the exact theory of linear models and needs no torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advscape.linear.estimator import AdversarialLogisticRegression

__version__ = "0.1.0"
__all__ = ["AdversarialLogisticRegression"]


def __getattr__(name: str) -> Any:
    """Import the estimator when it is asked for, so that importing the package costs nothing.

    Raises:
        AttributeError: the package has no such name.
    """
    if name == "AdversarialLogisticRegression":
        from advscape.linear.estimator import AdversarialLogisticRegression

        return AdversarialLogisticRegression
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
