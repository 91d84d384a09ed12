"""The figures of an experiment: one entry for each kind, beside its script and its caption."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A kind of figure, drawn for each experiment by itself.

    Attributes:
        tables: those that it reads, in the order in which its script takes them.
        category: where the report puts it.
        of: of which experiments there is one; of all unless given.
    """

    tables: tuple[str, ...]
    category: str
    of: Callable[[Any], bool] = lambda experiment: True


#: figure_<kind>.py in workflow/scripts draws it, <kind>.rst in workflow/report says what is seen
FIGURES = {
    "curvature": Figure(("curvature", "runs"), "Curvature"),
    "landscape": Figure(("landscape",), "Landscapes"),
    "plane": Figure(
        ("landscape",), "Landscapes", of=lambda experiment: experiment.landscape.plane is not None
    ),
    "robustness": Figure(("robustness",), "Robustness"),
    "sharpness": Figure(
        ("sharpness",), "Sharpness", of=lambda experiment: hasattr(experiment, "sharpness")
    ),
}
