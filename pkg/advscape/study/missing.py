"""Runs that a study lacks, since a job of theirs failed."""

import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from advscape.study.cells import values_in


def reason(log: str | Path) -> str:
    """The last line of a job's log, without its time: what the job ended with."""
    try:
        lines = Path(log).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return re.sub(r"^\d\d:\d\d:\d\d ", "", lines[-1]) if lines else "it left no log"


def not_made(
    jobs: Iterable[Any], failed: Container[Any], aggregates: Container[str], results: str
) -> dict[str, list[Any]]:
    """What a start of Snakemake was to make and did not.

    Args:
        jobs: Snakemake's jobs that it did not finish.
        failed: those of them that failed; the others need what these were to make.
        aggregates: rules that only sum up, which are left out.
        results: the study's folder.

    Returns:
        ``files``, paths within the study's folder, and ``runs``, rows of missing.csv: first the
        jobs that failed.
    """
    left = [job for job in jobs if job.rule.name not in aggregates]
    runs = []
    for job in sorted(left, key=lambda job: (job not in failed, str(job.output))):
        log = str(job.log[0]) if job.log and job in failed else ""
        values = job.wildcards_dict
        runs.append({
            "experiment": values.get("experiment", ""),
            **values_in(values.get("cell", "")),
            "seed": values.get("seed", values.get("seeds", "")),
            "stage": job.rule.name,
            "reason": reason(log) if job in failed else "what it needs is missing",
            "log": log,
        })  # fmt: skip
    files = [str(file).removeprefix(f"{results}/") for job in left for file in job.output]
    return {"files": files, "runs": runs}


def in_words(row: dict[str, Any]) -> str:
    """A missing run in one line."""
    names = [str(row["experiment"] or "all experiments")]
    names += [
        f"{key} {row[key]}"
        for key in ("label", "variant", "epsilon", "checkpoint", "epoch", "seed")
        if row.get(key, "") != ""
    ]
    return f"{', '.join(names)}: {row['stage']}: {row['reason']}"
