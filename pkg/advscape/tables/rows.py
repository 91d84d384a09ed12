"""Rows of a table on disk."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from advscape.machine.atomic import replacing


def joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Rows under each other, each cell as it is in its part, also where others have none."""
    return pd.concat([part.astype(object) for part in parts], ignore_index=True)


def rows_of(found: Sequence[Mapping[str, Any]], key: Iterable[str]) -> pd.DataFrame:
    """Rows of records, each with the columns ``key``; without any, their header alone."""
    return pd.DataFrame(found, columns=None if found else list(key))


def write_rows(rows: pd.DataFrame, path: str | Path) -> None:
    """Write rows as CSV, atomically; floats read back as the same floats."""
    with replacing(path) as temporary:
        rows.to_csv(temporary, index=False)
