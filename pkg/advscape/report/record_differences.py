"""What two studies' results were made by: their code, and versions and machine."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advscape.errors import UserError

#: facts of a record that stand elsewhere (the config), or are other ones each time
_LEFT_OUT = ("config", "cell", "started", "wall_s", "notes")
#: those that say what was run; all others say where
_CODE = ("code", "makers", "model_code", "data")


@dataclass(frozen=True)
class FactDifference:
    """A fact that differs between records of the same job.

    Attributes:
        fact: its name; of the code with the stage.
        values: in the first study and in the second; empty where the record does not have it.
        records: how many records say so.
    """

    fact: str
    values: tuple[str, str]
    records: int


@dataclass(frozen=True)
class RecordDifferences:
    """What differs between the records of two studies.

    Attributes:
        code: by which code, and from which data.
        machine: with which versions, and where.
        both: how many jobs have a record in both.
        only: how many have one in the first study alone, and in the second.
    """

    code: tuple[FactDifference, ...]
    machine: tuple[FactDifference, ...]
    both: int
    only: tuple[int, int]


def record_differences(first: Path, second: Path) -> RecordDifferences:
    """Compare the records that lie beside the outputs of jobs.

    Args:
        first: folder of a study's results.
        second: that of the other.

    Raises:
        UserError: a record cannot be read.
    """
    mine, theirs = dict(_records(first)), dict(_records(second))
    code: Counter[tuple[str, tuple[str, str]]] = Counter()
    machine: Counter[tuple[str, tuple[str, str]]] = Counter()
    both = [name for name in mine if name in theirs]
    for name in both:
        facts = dict(_facts(mine[name])), dict(_facts(theirs[name]))
        for fact in {**facts[0], **facts[1]}:
            values = (facts[0].get(fact, ""), facts[1].get(fact, ""))
            if values[0] == values[1]:
                continue
            if fact.split(" ")[0] in _CODE:
                code[f"{_stage(name)}: {fact}", values] += 1
            else:
                machine[fact, values] += 1
    return RecordDifferences(
        _counted(code),
        _counted(machine),
        len(both),
        (len(mine) - len(both), len(theirs) - len(both)),
    )


def _counted(found: Counter[tuple[str, tuple[str, str]]]) -> tuple[FactDifference, ...]:
    return tuple(FactDifference(fact, values, n) for (fact, values), n in sorted(found.items()))


def _records(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each record with its path below the folder; there are other JSON files too.

    Raises:
        UserError: a file cannot be read.
    """
    for file in sorted([*folder.glob("datasets/*.json"), *folder.glob("runs/**/*.json")]):
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{file} cannot be read as the record of a job: {error}") from error
        if isinstance(record, dict) and "versions" in record:
            yield file.relative_to(folder).as_posix(), record


def _stage(name: str) -> str:
    """The stage of a record, by its path: train.json, landscape/part~0.json, trial,....json."""
    path = Path(name)
    if path.parts[0] == "datasets":
        return "dataset"
    return path.parent.name if path.stem.startswith("part~") else path.stem.split(",")[0]


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if name in _LEFT_OUT:
            continue
        if isinstance(value, Mapping):
            for inner, fact in value.items():
                yield f"{name} {inner}", str(fact)
        else:
            yield name, str(value)
