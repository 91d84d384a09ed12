"""Which runs are missing, as a part of the claims' page."""

from html import escape

import pandas as pd

from advscape.study.missing import in_words


def missing_section(missing: pd.DataFrame) -> str:
    """A line for each missing run; empty where the study is complete.

    Args:
        missing: rows of missing.csv.

    Returns:
        HTML.
    """
    if missing.empty:
        return ""
    rows = missing.astype(object).where(missing.notna(), "").to_dict("records")
    lines = "".join(f"<li>{escape(in_words(row))}</li>" for row in rows)
    return (
        f"<p class='contradicted'><b>Incomplete: {len(rows)} jobs were not done.</b> Tables, "
        "claims and figures are of the other runs; a claim goes over the epsilons of which every "
        f"seed is there.</p><ul>{lines}</ul>"
    )
