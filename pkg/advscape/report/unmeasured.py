"""Hessians that could not be shown to be right, a warning."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from advscape.report.render import render


@dataclass(frozen=True)
class Unmeasured:
    """Measurements of an experiment that have no numbers for one reason.

    Attributes:
        experiment: of networks.
        loss: whose Hessian.
        hessian: which part of it.
        reason: why there are no numbers.
        measurements: how many have none.
    """

    experiment: str
    loss: str
    hessian: str
    reason: str
    measurements: int


def unmeasured_section(curvature: pd.DataFrame) -> Markup:
    """A line for each experiment, loss, part of the Hessian and reason, with its number of runs.

    Args:
        curvature: all rows of curvature.csv.

    Returns:
        HTML; empty where everything could be measured, or where the response is merely undefined.
    """
    rows = curvature[curvature["reason"].notna()]
    counts = Counter(
        (row["experiment"], row["loss"], row["hessian"], row["reason"])
        for row in rows.to_dict("records")
    )
    unmeasured = [
        Unmeasured(experiment, loss, hessian, reason, measurements)
        for (experiment, loss, hessian, reason), measurements in counts.items()
    ]
    return render("unmeasured.html", unmeasured=unmeasured)
