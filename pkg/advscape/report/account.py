"""What a study took: machine, versions, hours and memory, from the files beside its outputs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from advscape.epsilon import in_words
from advscape.report.numbers import count, duration, number
from advscape.report.render import render

#: in the order of their work
STAGES = (
    "dataset", "try", "train", "take", "evaluate", "curvature", "landscape", "sharpness",
    "strength",
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What the jobs of a stage took, by the last attempt of each.

    Attributes:
        stage: its name.
        jobs: their number.
        seconds: sum of their times.
        cpu_seconds: sum of their processor times; NaN where none is known.
        memory: most memory that one of them took at once, MB; NaN where none is known.
    """

    stage: str
    jobs: int
    seconds: float
    cpu_seconds: float
    memory: float


def costs_of(folder: Path, jobs: Mapping[str, Iterable[str]]) -> list[Cost]:
    """Sum up the benchmarks of each stage.

    Args:
        folder: of Snakemake's benchmarks, ``<stage>/<job>.tsv``.
        jobs: of each stage, as of :func:`advscape.study.outline.jobs_of`; those without a file are
            left out.
    """
    costs = []
    for stage in STAGES:
        places = (folder / stage / f"{name}.tsv" for name in jobs.get(stage, ()))
        files = [file for file in places if file.is_file()]
        if not files:
            continue
        # of a job that was over at once Snakemake writes NA or a dash
        rows = pd.concat(pd.read_csv(file, sep="\t", na_values=["-"]) for file in files)
        rows = rows[["s", "cpu_time", "max_rss"]].apply(pd.to_numeric, errors="coerce")
        seconds, cpu_seconds = (float(rows[name].sum(min_count=1)) for name in ("s", "cpu_time"))
        costs.append(Cost(stage, len(files), seconds, cpu_seconds, float(rows["max_rss"].max())))
    return costs


@dataclass(frozen=True)
class Made:
    """What the records beside outputs say of their making; each value once, in sorted order.

    Attributes:
        machines: processors, with the number of cores that jobs could use.
        devices: on which networks were trained and measured.
        platforms: operating systems.
        versions: of the software, by its name.
        first: when the first of the jobs began, UTC; empty where no job has a record.
        last: when the last of them began.
    """

    machines: tuple[str, ...]
    devices: tuple[str, ...]
    platforms: tuple[str, ...]
    versions: Mapping[str, tuple[str, ...]]
    first: str
    last: str


def made_by(records: Sequence[Mapping[str, Any]]) -> Made:
    """Sum up the records beside outputs.

    Args:
        records: as :meth:`advscape.stages.job.Job.write_provenance` writes them.
    """
    versions: dict[str, set[str]] = {}
    for record in records:
        own = {"advscape": record["advscape"], "Python": record["python"], **record["versions"]}
        for name, version in own.items():
            versions.setdefault(name, set()).add(str(version or "not installed"))
    started = sorted(record["started"] for record in records) or [""]
    return Made(
        machines=_each(
            f"{record['processor']}, {count(record['cores'], 'core')}"
            for record in records
            if "processor" in record
        ),
        devices=_each(record["device"] for record in records if "device" in record),
        platforms=_each(record["platform"] for record in records),
        versions={name: tuple(sorted(found)) for name, found in versions.items()},
        first=_time(started[0]),
        last=_time(started[-1]),
    )


def records_of(results: Path, jobs: Mapping[str, Iterable[str]]) -> list[Mapping[str, Any]]:
    """Read the records beside the outputs of a study's jobs.

    Args:
        results: the study's folder.
        jobs: of each stage, as of :func:`advscape.study.outline.jobs_of`.
    """
    files = {results / "datasets" / f"{dataset}.json" for dataset in jobs.get("dataset", ())}
    for stage, names in jobs.items():
        for name in names:
            run = results / "runs" / name
            files.add(run.with_name(f"{run.name}.json"))  # a trial
            files.add(run.parent / "landscape" / f"{run.name}.json")  # of a network: a part
            files |= {run / f"{record}.json" for record in (stage, "checkpoint")}
    there = sorted(file for file in files if file.is_file())
    return [json.loads(file.read_text(encoding="utf-8")) for file in there]


def account_section(
    experiments: Sequence[Mapping[str, Any]], made: Made, costs: Sequence[Cost]
) -> Markup:
    """What was run, on which machine, with which software, and what it took.

    Args:
        experiments: as of :func:`advscape.study.outline.outline`.
        made: of the records.
        costs: of each stage.
    """
    return render(
        "account.html",
        experiments=experiments,
        made=made,
        costs=costs,
        total=duration(sum(cost.seconds for cost in costs)),
        duration=duration,
        number=number,
        in_words=in_words,
    )


def _each(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _time(started: str) -> str:
    return started.replace("T", " ").removesuffix("Z")[:16]
