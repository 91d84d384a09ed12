"""Whether the Hessians' samples were enough, as a part of the claims' page."""

from html import escape

import pandas as pd

#: relative difference between the halves of the samples from which a run is named
LARGE = 0.5


def samples_section(curvature: pd.DataFrame) -> str:
    """A line for each experiment of networks: how far lambda_max differs between halves.

    Args:
        curvature: all rows of curvature.csv.

    Returns:
        HTML; empty where nothing was halved.
    """
    rows = curvature.dropna(subset=["half_spread"])
    lines = []
    for experiment, found in rows.groupby("experiment", sort=False):
        large = int((found["half_spread"] > LARGE).sum())
        note = (
            f"; {large} of {len(found)} measurements above {LARGE:.0%}: take more samples"
            if large
            else ""
        )
        lines.append(
            f"<li>{escape(str(experiment))}: median {found['half_spread'].median():.0%}, largest "
            f"{found['half_spread'].max():.0%} of its mean{note}</li>"
        )
    if not lines:
        return ""
    return (
        "<p>Samples of the Hessians: how far lambda_max (noise frozen) differs between the two "
        f"halves of its samples.</p><ul>{''.join(lines)}</ul>"
    )
