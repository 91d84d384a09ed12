"""The claims of two studies side by side."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import pandas as pd

from advscape.tables.digits import with_limits


@dataclass(frozen=True)
class ClaimPair:
    """A claim in two studies.

    Attributes:
        claim: its id.
        statement: the claim in words, as the first study that has it says.
        verdicts: in the first and in the second study; empty where it does not have the claim.
        estimates: with their intervals; empty where there is none.
        relative: difference of the estimates over the larger one; NaN without two numbers.
    """

    claim: str
    statement: str
    verdicts: tuple[str, str]
    estimates: tuple[str, str]
    relative: float

    @property
    def other_verdict(self) -> bool:
        """Whether the verdict changed."""
        return self.verdicts[0] != self.verdicts[1]

    @property
    def differs(self) -> bool:
        """Whether verdict or estimate changed."""
        other = self.estimates[0] != self.estimates[1] or self.relative > 0
        return self.other_verdict or other


def claim_pairs(first: pd.DataFrame, second: pd.DataFrame) -> tuple[ClaimPair, ...]:
    """All claims: changed verdicts first, then by how much the estimates differ.

    A claim's pair has its experiment and its id. Where an id stands for several claims of an
    experiment, it has their statement too.

    Args:
        first: cells of claims.csv as text.
        second: those of the other study.
    """
    both = [rows.to_dict("records") for rows in (first, second)]
    several = {name for rows in both for name, n in Counter(map(_name, rows)).items() if n > 1}
    mine, theirs = (_by_key(rows, several) for rows in both)
    pairs = [_pair(mine.get(key), theirs.get(key)) for key in {**mine, **theirs}]
    return tuple(sorted(pairs, key=_order))


def _name(row: Mapping[Hashable, Any]) -> tuple[str, str]:
    return str(row.get("experiment", "")), str(row["claim"])


def _by_key(
    rows: Sequence[Mapping[Hashable, Any]], several: AbstractSet[tuple[str, str]]
) -> dict[tuple[object, ...], Mapping[Hashable, Any]]:
    """Claims by experiment and id; by their statement too where an id stands for several."""
    found: dict[tuple[object, ...], Mapping[Hashable, Any]] = {}
    for row in rows:
        key: tuple[object, ...] = _name(row)
        if key in several:
            key = (*key, row.get("statement", ""))
        again = sum(known[: len(key)] == key for known in found)
        found[(*key, again)] = row
    return found


def _order(pair: ClaimPair) -> tuple[bool, bool, float]:
    relative = 0.0 if math.isnan(pair.relative) else pair.relative
    return not pair.other_verdict, not pair.differs, -relative


def _pair(mine: Mapping[Hashable, Any] | None, theirs: Mapping[Hashable, Any] | None) -> ClaimPair:
    rows = [row or {} for row in (mine, theirs)]
    a, b = (_number(row, "estimate") for row in rows)
    larger = max(abs(a), abs(b))
    return ClaimPair(
        claim=str((mine or theirs or {}).get("claim", "")),
        statement=str((mine or theirs or {}).get("statement", "")),
        verdicts=(str(rows[0].get("verdict", "")), str(rows[1].get("verdict", ""))),
        estimates=(_estimate(rows[0]), _estimate(rows[1])),
        relative=0.0 if a == b else abs(a - b) / larger,
    )


def _estimate(row: Mapping[Hashable, Any]) -> str:
    value, low, high = (_number(row, name) for name in ("estimate", "ci_low", "ci_high"))
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    return with_limits(value, low, high).words


def _number(row: Mapping[Hashable, Any], column: str) -> float:
    """A cell as a number; NaN where it is empty, or not there."""
    try:
        return float(row.get(column, ""))
    except ValueError:
        return math.nan
