"""claims.csv: every claim of the study with its numbers and its verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from advscape.errors import UserError
from advscape.statistics.decide import decide, holm
from advscape.statistics.series import Measurement, selected
from advscape.study.columns import SUMMARIES


def claims_table(
    claims: Sequence[Mapping[str, Any]], tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Decide all claims.

    Args:
        claims: the config's claims, as :meth:`advscape.study.plan.Plan.claims` has them.
        tables: those that they are about, and runs.

    Returns:
        Rows of claims.csv, in the order of the config.

    Raises:
        UserError: a claim selects several values for a run.
    """
    rows = []
    for claim in claims:
        of = Measurement(**claim["of"])
        other = Measurement(**claim["other"]) if claim["other"] else None
        try:
            decision = decide(tables, {**claim, "of": of, "other": other})
        except UserError as error:
            raise UserError(f"claim {claim['id']} ({claim['statement']}): {error}") from error
        rows.append(
            {
                "claim": claim["id"],
                "statement": claim["statement"],
                "experiment": of.experiment,
                "quantity": of.quantity if other is None else _both(of, other),
                "rows": selected(of) if other is None else _against(of, other),
                **vars(decision),
            }
        )
    table = pd.DataFrame(rows, columns=list(SUMMARIES["claims"]))
    return table.assign(p_holm=holm(table["p_value"].to_list()))


def _both(of: Measurement, other: Measurement) -> str:
    names = dict.fromkeys((of.quantity, other.quantity))
    return ", ".join(names)


def _against(of: Measurement, other: Measurement) -> str:
    own = f"{other.experiment}: " if other.experiment != of.experiment else ""
    return f"{selected(of)}; the other: {own}{selected(other)}"
