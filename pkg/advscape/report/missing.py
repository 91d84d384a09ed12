"""Which runs are missing: a warning."""

import pandas as pd
from markupsafe import Markup

from advscape.report.render import render
from advscape.study.missing import in_words


def missing_section(missing: pd.DataFrame) -> Markup:
    """A line for each missing run.

    Args:
        missing: rows of missing.csv.

    Returns:
        HTML; empty where the study is complete.
    """
    rows = missing.astype(object).where(missing.notna(), "")
    jobs = [
        in_words({str(key): cell for key, cell in row.items()}) for row in rows.to_dict("records")
    ]
    return render("missing.html", jobs=jobs)
