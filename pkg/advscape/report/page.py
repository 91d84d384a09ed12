"""The claims as a page of the report."""

from html import escape
from pathlib import Path

import pandas as pd

from advscape.machine.atomic import write_text
from advscape.report.samples import samples_section
from advscape.report.sanity import sanity_section
from advscape.report.unmeasured import unmeasured_section

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; color: #222 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .5em .7em; border-bottom: 1px solid #ddd }
.verdict { font-weight: 600; white-space: nowrap }
.supported { color: #0a6b4a } .contradicted { color: #a3341b } .open { color: #6b6b6b }
small { color: #555 }
"""
_HEADER = ("claim", "verdict", "estimate", "p", "runs", "decided by")


def claims_page(
    claims: pd.DataFrame,
    sanity: pd.DataFrame,
    curvature: pd.DataFrame,
    notes: str,
    path: str | Path,
) -> None:
    """Write claims.csv's rows as an HTML page, verdict and rule side by side.

    Args:
        claims: rows of claims.csv.
        sanity: rows of sanity.csv; what failed stands below the claims.
        curvature: rows of curvature.csv; whether they could be measured, and their samples were
            enough, stands there too.
        notes: HTML that stands above the claims: what is missing, what is to be known.
        path: of the page.
    """
    head = "".join(f"<th>{title}</th>" for title in _HEADER)
    body = "".join(_row(claim) for claim in claims.to_dict("records"))
    body = body or f"<tr><td colspan='{len(_HEADER)}'>This study states no claims.</td></tr>"
    write_text(
        path,
        f"<!doctype html><meta charset='utf-8'><title>Claims</title><style>{_STYLE}</style>"
        f"<h1>Claims</h1>{notes}<p>Every rule stood in the config before the runs.</p>"
        f"<table><tr>{head}</tr>{body}</table>{sanity_section(sanity)}"
        f"{unmeasured_section(curvature)}{samples_section(curvature)}\n",
    )


def _row(claim: dict) -> str:
    verdict = claim["verdict"]
    look = verdict if verdict in ("supported", "contradicted") else "open"
    estimate = p = "&ndash;"
    if not pd.isna(claim["estimate"]):
        estimate = (
            f"{claim['estimate']:.3g} [{claim['ci_low']:.3g}, {claim['ci_high']:.3g}]"
            f"<br><small>{escape(claim['statistic'])}, 95 % interval over seeds</small>"
        )
        p = f"{claim['p_value']:.2g}"
    cells = (
        f"<b>{claim['claim']}</b> {escape(claim['statement'])}"
        f"<br><small>{escape(claim['experiment'])}: {escape(claim['quantity'])}; "
        f"{escape(claim['rows'])}</small>",
        f"<span class='verdict {look}'>{verdict}</span>",
        estimate,
        p,
        str(claim["n_runs"]),
        f"<small>{escape(claim['rule'])}</small>",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
