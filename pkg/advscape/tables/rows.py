"""Rows of a table on disk."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from advscape.machine.atomic import replacing


def joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Rows under each other, each cell as it is in its part, also where others have none."""
    return pd.concat([part.astype(object) for part in parts], ignore_index=True)


def write_rows(rows: pd.DataFrame, path: str | Path) -> None:
    """Write rows as CSV, atomically; floats read back as the same floats."""
    with replacing(path) as temporary:
        rows.to_csv(temporary, index=False)
