"""The runs of networks that are already trained: which file each is, before any is opened."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advscape.errors import ConfigError, shown
from advscape.study.cells import Cell
from advscape.study.config.checkpoints import Checkpoints, Expect, GivenRun
from advscape.study.config.study import GivenExperiment, Study
from advscape.study.problems import allowed

#: columns of a table, and how their texts become what a run of the config is
_COLUMNS: dict[str, Callable[[str], Any]] = {
    "file": str,
    "epsilon": lambda text: text if "/" in text else float(text),  # 8/255 the config reads
    "seed": int,
    "epoch": int,
    "label": str,
    "accuracy": float,
    "within": float,
}


@dataclass(frozen=True)
class Given:
    """A run, and the file of its network.

    Attributes:
        at: where the config, or its table, names it.
        file: as it is named there.
        place: where it lies: as it is named where that is found from the working folder.
        cell: the run's cell.
        seed: of the run.
        expect: what its clean accuracy is held against, if anything.
        key: where the weights lie in the file, if that is given.
        prefix: what their names begin with, if that is given.
    """

    at: str
    file: str
    place: Path
    cell: Cell
    seed: int
    expect: Expect | None
    key: str | None = None
    prefix: str | None = None


def given_of(study: Study, folders: Sequence[Path] = ()) -> dict[str, list[Given]]:
    """The runs of each experiment with checkpoints, by its name.

    Args:
        study: the study.
        folders: where relative files are looked for, beside the working folder.

    Raises:
        ConfigError: as of :func:`given_runs`.
    """
    return {
        experiment.name: given_runs(
            experiment.checkpoints, f"experiments[{i}].checkpoints", folders
        )
        for i, experiment in enumerate(study.experiments)
        if isinstance(experiment, GivenExperiment)
    }


def given_runs(checkpoints: Checkpoints, at: str, folders: Sequence[Path] = ()) -> list[Given]:
    """Every run of an experiment, in the order of the config.

    Args:
        checkpoints: the section.
        at: its key.
        folders: where relative files are looked for, beside the working folder.

    Raises:
        ConfigError: the table cannot be read; a file is not there; two runs are one.
    """
    runs: list[Given] = []
    seen: dict[tuple[str, int], Given] = {}
    for place, names, run, beside in _runs(checkpoints, at, folders):
        file, found = _find(place, names, [*beside, Path(), *folders])
        cell = Cell(run.epsilon, run.epoch, run.label)
        expect = run.expect or checkpoints.expect
        given = Given(
            place, file, found, cell, run.seed, expect, checkpoints.key, checkpoints.prefix
        )
        # some file systems do not tell case apart
        other = seen.setdefault((cell.name.lower(), run.seed), given)
        if other is not given:
            but = "" if cell == other.cell else ", but for case"
            raise ConfigError(
                place,
                f"{shown(file)} as {cell.name}, seed {run.seed}",
                f"a run of its own; {other.at} ({other.file}) is this run{but}",
            )
        runs.append(given)
    return runs


def _runs(
    checkpoints: Checkpoints, at: str, folders: Sequence[Path]
) -> Iterator[tuple[str, list[str], GivenRun, list[Path]]]:
    """Each run with its key, the names that its file may have, and where else that may lie."""
    for i, run in enumerate(checkpoints.runs or ()):
        yield f"{at}.runs[{i}].file", [run.file], run, []
    if checkpoints.pattern is not None:
        for names, values in checkpoints.combinations():
            yield f"{at}.pattern", names, GivenRun(file=names[0], **values), []
    if checkpoints.table is not None:
        _, table = _find(f"{at}.table", [checkpoints.table], [Path(), *folders])
        for line, values in _lines(table, f"{at}.table"):
            place = f"{at}.table, line {line}"
            run = _row(values, place)
            yield f"{place}: file", [run.file], run, [table.parent]


def _lines(table: Path, at: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a CSV file with their numbers, cells by column; empty cells are left out.

    Raises:
        ConfigError: it is no such file, or has no runs.
    """
    try:
        with open(table, encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigError(at, f"{shown(str(table))} ({error})", "a CSV file") from None
    (_, header), *runs = lines or [(1, [])]
    if "file" not in header or set(header) - set(_COLUMNS) or len(set(header)) < len(header):
        given = f"{shown(str(table))} with the columns {', '.join(header) or 'of no name'}"
        columns = f"file and, once each, {', '.join(list(_COLUMNS)[1:])}"
        raise ConfigError(at, given, columns)
    runs = [(line, cells) for line, cells in runs if any(cells)]
    if not runs:
        raise ConfigError(at, f"{shown(str(table))} without runs", "a line for each run")
    for line, cells in runs:
        if len(cells) != len(header):
            as_many = f"{len(header)}, as the header has"
            raise ConfigError(f"{at}, line {line}", f"{len(cells)} cells", as_many)
        yield line, {name: cell for name, cell in zip(header, cells, strict=True) if cell}


def _row(texts: dict[str, str], at: str) -> GivenRun:
    """A table's line as a run of the config.

    Raises:
        ConfigError: a cell is not what its column needs.
    """
    values: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            values[name] = _COLUMNS[name](text)
        except ValueError:
            kind = "an integer" if _COLUMNS[name] is int else "a number"
            raise ConfigError(f"{at}: {name}", shown(text), kind) from None
    expect = {name: values.pop(name) for name in ("accuracy", "within") if name in values}
    try:
        return GivenRun.model_validate(values | ({"expect": expect} if expect else {}))
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][-1])
        raise ConfigError(
            f"{at}: {name}", shown(texts.get(name)), allowed(problem, GivenRun)
        ) from None


def _find(at: str, names: Sequence[str], folders: Sequence[Path]) -> tuple[str, Path]:
    """The first of some names that is a file in one of some folders.

    Raises:
        ConfigError: none is.
    """
    for folder in folders:
        for name in names:
            with suppress(OSError, RuntimeError, ValueError):  # what no file can be called
                place = folder / Path(name).expanduser()
                if place.is_file():
                    return name, place
    where = ", ".join(dict.fromkeys(str(folder.absolute()) for folder in folders))
    raise ConfigError(at, shown(names[0]), f"a file that is there (looked for in {where})")
