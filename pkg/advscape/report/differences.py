"""Two folders of results, of the same study on two machines say: what differs between them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from advscape.errors import UserError
from advscape.report.claim_differences import ClaimPair, claim_pairs
from advscape.report.config_differences import KeyDifference, config_differences
from advscape.report.record_differences import RecordDifferences, record_differences
from advscape.study.columns import COLUMNS, SUMMARIES
from advscape.study.yaml_file import check_yaml
from advscape.tables.collect import read_texts
from advscape.tables.differences import ColumnDifference, TableDifference, table_difference

#: the claims have a part of their own, and what is missing is no measurement
_TABLES = [name for name in (*COLUMNS, *SUMMARIES) if name not in ("claims", "missing")]


@dataclass(frozen=True)
class Differences:
    """What differs between the results of two studies.

    Attributes:
        folders: of the first and of the second.
        config: keys that differ.
        records: what made the results.
        claims: all of them, side by side.
        tables: those that both have, in the order of the catalogue.
        only_tables: names of those that the first has alone, and the second.
    """

    folders: tuple[Path, Path]
    config: tuple[KeyDifference, ...]
    records: RecordDifferences
    claims: tuple[ClaimPair, ...]
    tables: tuple[TableDifference, ...]
    only_tables: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def columns(self) -> list[tuple[str, ColumnDifference]]:
        """All columns that differ with the name of their table, the largest difference first."""
        found = [(table.table, column) for table in self.tables for column in table.columns]
        return sorted(found, key=lambda each: each[1].order)

    @property
    def none(self) -> bool:
        """Whether the results are the same, times aside."""
        records = self.records.code or self.records.machine or any(self.records.only)
        return not (self.config or records or self.other_numbers)

    @property
    def other_numbers(self) -> bool:
        """Whether a claim or a table differs."""
        claims = any(pair.differs for pair in self.claims)
        return claims or any(self.only_tables) or not all(table.none for table in self.tables)


def differences(first: str | Path, second: str | Path) -> Differences:
    """Compare two folders of results.

    Args:
        first: ``results/<study>``.
        second: another one, of a study that has at least one experiment of the first.

    Raises:
        UserError: one of them has no results, they are one folder, or the studies have no
            experiment in common.
    """
    folders = (Path(first), Path(second))
    configs = [_config(folder) for folder in folders]
    if folders[0].resolve() == folders[1].resolve():
        raise UserError(f"{second} is the study's own folder; allowed: another one")
    names = [_experiments(config) for config in configs]
    if not set(names[0]) & set(names[1]):
        both = zip(folders, names, strict=True)
        have = "; ".join(f"{folder} has {', '.join(found)}" for folder, found in both)
        raise UserError(f"the studies have no experiment in common: {have}")
    there = [
        {name: file for name in _TABLES if (file := folder / f"tables/{name}.csv").exists()}
        for folder in folders
    ]
    return Differences(
        folders,
        config_differences(*configs),
        record_differences(*folders),
        claim_pairs(*(read_texts(folder / "tables/claims.csv") for folder in folders)),
        tuple(
            table_difference(name, read_texts(there[0][name]), read_texts(there[1][name]))
            for name in there[0]
            if name in there[1]
        ),
        (
            tuple(name for name in there[0] if name not in there[1]),
            tuple(name for name in there[1] if name not in there[0]),
        ),
    )


def _config(folder: Path) -> dict[str, Any]:
    """The config that a study has written beside its results.

    Raises:
        UserError: the folder has none, or no tables.
    """
    for file in (folder / "config.yaml", folder / "tables/claims.csv"):
        if not file.is_file():
            raise UserError(
                f"{folder} has no results of a study: there is no {file.relative_to(folder)}; "
                "allowed: a folder results/<study> of a study that is done"
            )
    check_yaml(folder / "config.yaml")
    config: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return config


def _experiments(config: dict[str, Any]) -> list[str]:
    experiments = config.get("experiments")
    found = experiments if isinstance(experiments, list) else []
    return [str(each.get("name")) for each in found if isinstance(each, dict)] or ["none"]
