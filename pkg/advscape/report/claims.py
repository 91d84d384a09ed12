"""The claims and their verdicts, as a part of the claims' page."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from advscape.report.render import render


@dataclass(frozen=True)
class Estimate:
    """The ratio that a claim was decided by.

    Attributes:
        value: of the ratio.
        low: lower 95 % limit.
        high: upper 95 % limit.
        p: of the rule's test.
        statistic: which ratio, in words.
    """

    value: float
    low: float
    high: float
    p: float
    statistic: str


@dataclass(frozen=True)
class Claim:
    """One claim, as claims.csv has it.

    Attributes:
        id: of the claim.
        statement: the claim in words.
        experiment: whose runs decide it.
        quantity: what was measured.
        rows: which of the measurements, in words.
        verdict: the outcome.
        estimate: None where the rule could not be applied.
        runs: their number.
        rule: the decision rule in words.
    """

    id: str
    statement: str
    experiment: str
    quantity: str
    rows: str
    verdict: str
    estimate: Estimate | None
    runs: int
    rule: str


def claims_section(claims: pd.DataFrame) -> Markup:
    """A table with verdict and rule of each claim side by side.

    Args:
        claims: rows of claims.csv.

    Returns:
        HTML.
    """
    return render("claims.html", claims=[_claim(row) for row in claims.to_dict("records")])


def _claim(row: Mapping[Hashable, Any]) -> Claim:
    estimate = None
    if not pd.isna(row["estimate"]):
        estimate = Estimate(
            value=row["estimate"],
            low=row["ci_low"],
            high=row["ci_high"],
            p=row["p_value"],
            statistic=row["statistic"],
        )
    return Claim(
        id=row["claim"],
        statement=row["statement"],
        experiment=row["experiment"],
        quantity=row["quantity"],
        rows=row["rows"],
        verdict=row["verdict"],
        estimate=estimate,
        runs=row["n_runs"],
        rule=row["rule"],
    )
