"""claims.csv: every claim of the study with its numbers and its verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from advscape.statistics.decide import decide
from advscape.statistics.series import series
from advscape.tables.columns import SUMMARIES


def claims_table(
    claims: Sequence[dict[str, Any]], tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Decide all claims.

    Args:
        claims: the config's claims, each with the name of its ``experiment``.
        tables: runs, curvature and landscape.

    Returns:
        Rows of claims.csv, ordered by claim.
    """
    rows = []
    for claim in claims:
        values = series(tables, claim["experiment"], claim["quantity"], claim["select"])
        decision = decide(values, claim["rule"], claim["ratio"], claim["level"])
        rows.append(
            {
                "claim": claim["id"],
                "statement": claim["statement"],
                "experiment": claim["experiment"],
                "quantity": claim["quantity"],
                "rows": ", ".join(f"{k} {v}" for k, v in sorted(claim["select"].items())),
                "n_runs": values.size,
                **vars(decision),
            }
        )
    table = pd.DataFrame(rows, columns=list(SUMMARIES["claims"]))
    return table.sort_values("claim", kind="stable", ignore_index=True)
