"""missing.csv: the runs that the other tables lack."""

from typing import Any

import pandas as pd

from advscape.study.columns import SUMMARIES


def missing_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows of missing.csv; only its header where nothing is missing."""
    return pd.DataFrame(rows, columns=list(SUMMARIES["missing"]))
