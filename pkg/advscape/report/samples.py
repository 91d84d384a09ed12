"""Whether the Hessians' samples were enough, a warning."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from advscape.report.render import render

#: relative difference between the halves of the samples from which a run is named
LARGE = 0.5


@dataclass(frozen=True)
class Spread:
    """How far lambda_max differs between the halves of an experiment's samples.

    Attributes:
        experiment: of networks.
        median: of all measurements, relative to the mean of both halves.
        largest: of all measurements.
        measurements: their number.
        large: number of those above ``LARGE``.
    """

    experiment: str
    median: float
    largest: float
    measurements: int
    large: int


def samples_section(curvature: pd.DataFrame) -> Markup:
    """A line for each experiment with measurements whose halves differ by more than ``LARGE``.

    Args:
        curvature: all rows of curvature.csv.

    Returns:
        HTML; empty where all halves agree, or nothing was halved.
    """
    rows = curvature.dropna(subset=["half_spread"])
    spreads = [
        Spread(
            experiment=str(experiment),
            median=float(found.median()),
            largest=float(found.max()),
            measurements=len(found),
            large=int((found > LARGE).sum()),
        )
        for experiment, found in rows.groupby("experiment", sort=False)["half_spread"]
        if (found > LARGE).any()
    ]
    return render("samples.html", spreads=spreads, bound=LARGE)
