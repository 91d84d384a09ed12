"""advscape: how adversarial training shapes the weight loss landscape.

Public is what ``__all__`` names: :class:`~advscape.interface.loss.AdversarialLoss` for networks in
Python, the records that it gives, and the scikit-learn estimator
:class:`~advscape.linear.estimator.AdversarialLogisticRegression`, which needs no torch. All other
modules are the inside of the workflow, and change as it does.

Folders follow the data: :mod:`advscape.study` says what is to be run, :mod:`advscape.data` makes
the arrays, then come training, evaluation, curvature, landscapes, tables, claims and figures.
:mod:`advscape.linear` holds the exact theory of linear models.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advscape.interface.attack import PGD
    from advscape.interface.hessian import Hessian
    from advscape.interface.landscape import Landscape
    from advscape.interface.loss import AdversarialLoss
    from advscape.interface.records import Density, Eigenvalues, Mean, Optimality, Trace
    from advscape.linear.estimator import AdversarialLogisticRegression
    from advscape.sharpness.estimate import Sharpness

__version__ = "0.2.0"
__all__ = [
    "PGD",
    "AdversarialLogisticRegression",
    "AdversarialLoss",
    "Density",
    "Eigenvalues",
    "Hessian",
    "Landscape",
    "Mean",
    "Optimality",
    "Sharpness",
    "Trace",
]

#: modules of the public names but for records
_HOMES = {
    "PGD": "advscape.interface.attack",
    "AdversarialLogisticRegression": "advscape.linear.estimator",
    "AdversarialLoss": "advscape.interface.loss",
    "Hessian": "advscape.interface.hessian",
    "Landscape": "advscape.interface.landscape",
    "Sharpness": "advscape.sharpness.estimate",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for, so that importing the package costs nothing.

    Raises:
        AttributeError: the package has no such name.
        ModuleNotFoundError: the name needs a package that is not installed.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = importlib.import_module(_HOMES.get(name, "advscape.interface.records"))
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"advscape.{name} needs {missing.name}, which is not installed: "
            "in the clone, pip install '.[networks]'",
            name=missing.name,
        ) from missing
    return getattr(home, name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*globals(), *__all__])
