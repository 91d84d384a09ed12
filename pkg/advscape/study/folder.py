"""The folder that a study is run in."""

import os
from pathlib import Path

from advscape.errors import UserError


def check_writable(folder: Path) -> None:
    """Refuse a folder in which Snakemake could not keep its records.

    Raises:
        UserError: it, or its ``.snakemake``, must not be written to.
    """
    records = folder / ".snakemake"
    place = records if records.exists() else folder
    if not os.access(place, os.W_OK | os.X_OK):
        raise UserError(
            f"cannot write in {place}, where Snakemake keeps its records: make it writable, or "
            "work in a copy (cp -a)"
        )
