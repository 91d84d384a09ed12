"""Runs that a study lacks, since a job of theirs failed."""

import re
from pathlib import Path
from typing import Any

#: columns of missing.csv
COLUMNS = ("experiment", "epsilon", "seed", "stage", "reason", "log")


def reason(log: str | Path) -> str:
    """The last line of a job's log, without its time: what the job ended with."""
    try:
        lines = Path(log).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return re.sub(r"^\d\d:\d\d:\d\d ", "", lines[-1]) if lines else "it left no log"


def in_words(row: dict[str, Any]) -> str:
    """A missing run in one line."""
    names = [str(row["experiment"] or "all experiments")]
    names += [f"{key} {row[key]}" for key in ("epsilon", "seed") if row[key] != ""]
    return f"{', '.join(names)}: {row['stage']}: {row['reason']}"
