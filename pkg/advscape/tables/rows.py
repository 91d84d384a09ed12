"""Rows of a table on disk."""

from pathlib import Path

import pandas as pd

from advscape.atomic import replacing


def write_rows(rows: pd.DataFrame, path: str | Path) -> None:
    """Write rows as CSV, atomically; floats read back as the same floats."""
    with replacing(path) as temporary:
        rows.to_csv(temporary, index=False)
