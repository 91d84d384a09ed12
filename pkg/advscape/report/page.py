"""The claims as a page of the report."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from advscape.machine.atomic import write_text
from advscape.report.claims import claims_section
from advscape.report.comparison import comparison_section
from advscape.report.render import render
from advscape.report.samples import samples_section
from advscape.report.sanity import published_section, sanity_section
from advscape.report.unmeasured import unmeasured_section


def claims_page(
    claims: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    notes: Markup,
    path: str | Path,
) -> None:
    """Write the page: the claims, and what is to be known above and below them.

    Args:
        claims: rows of claims.csv.
        tables: sanity: what failed stands below the claims, but for published accuracies, which
            stand first; curvature: whether it could be measured, and its samples were enough,
            stands there too; comparison, where the study has networks: trainings side by side.
        notes: stands above the claims: what is missing, what is to be known.
        path: of the page.
    """
    sanity, curvature = tables["sanity"], tables["curvature"]
    page = render(
        "page.html",
        above=published_section(sanity) + notes,
        claims=claims_section(claims),
        below=[
            comparison_section(tables.get("comparison")),
            sanity_section(sanity),
            unmeasured_section(curvature),
            samples_section(curvature),
        ],
    )
    write_text(path, page)
