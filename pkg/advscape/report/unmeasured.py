"""Hessians that could not be shown to be right, as a part of the claims' page."""

from html import escape

import pandas as pd


def unmeasured_section(curvature: pd.DataFrame) -> str:
    """A line for each experiment, loss, part of the Hessian and reason, with its number of runs.

    Args:
        curvature: all rows of curvature.csv.

    Returns:
        HTML; empty where everything could be measured, or where the response is merely undefined.
    """
    rows = curvature[curvature["reason"].notna()]
    if rows.empty:
        return ""
    groups = rows.groupby(["experiment", "loss", "hessian", "reason"], sort=False)
    lines = [
        f"<li>{escape(experiment)}: {escape(loss)} loss, {escape(part)}, "
        f"{len(found)} of its measurements: {escape(reason)}</li>"
        for (experiment, loss, part, reason), found in groups
    ]
    return (
        "<p class='contradicted'>Hessians whose products could not be shown to be right on the "
        "network: their cells in <code>tables/curvature.csv</code> are empty.</p>"
        f"<ul>{''.join(lines)}</ul>"
    )
