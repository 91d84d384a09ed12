"""The report: one page that opens with the answer, and needs no other file to be read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from advscape.machine.atomic import write_text
from advscape.report.account import account_section, costs_of, made_by, records_of
from advscape.report.citation import citation_section
from advscape.report.claims import claims_of, claims_section, verdicts_in_words
from advscape.report.comparison import comparison_section
from advscape.report.dictionary import dictionary_section
from advscape.report.findings import findings_of
from advscape.report.pictures import answer_section, answering, figures_section, pictures_of
from advscape.report.render import render
from advscape.report.rows import tables_section


def write_report(
    study: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    trials: Sequence[str | Path],
    page: str | Path,
) -> None:
    """Write the report of a study into its folder, from what lies there.

    Args:
        study: its outline (see :func:`advscape.study.outline.outline`), with ``captions``, the text
            of each kind of figure's, and ``citation``, the text of CITATION.cff.
        tables: those that the outline shows, by name.
        trials: files of the trials, in the order of the outline's ``tried``.
        page: the report, beside ``config.yaml`` and the folders of figures, runs and benchmarks.
    """
    results = Path(page).parent
    claims = claims_of(tables["claims"])
    findings = findings_of(tables, zip(study["tried"], trials, strict=True))
    pictures = pictures_of(study["figures"], study["captions"], results / "figures")
    shown = answering(pictures, tables["claims"])
    made = made_by(records_of(results, study["jobs"]))
    costs = costs_of(results / "benchmarks", study["jobs"])
    sections: dict[str, tuple[str, Markup]] = {
        "claims": ("Claims", claims_section(claims)),
        "answer": ("Main figures", answer_section(shown)),
        "side-by-side": ("Side by side", comparison_section(tables.get("comparison"))),
        "run": ("What was run", account_section(study["experiments"], made, costs)),
        "warnings": ("Warnings", render("findings.html", findings=findings)),
        "figures": ("All figures", figures_section(pictures, shown)),
        "tables": ("Tables", tables_section(tables, study["linked"])),
        "columns": ("What the columns mean", dictionary_section([*tables, *study["linked"]])),
        "config": ("Config", render("config.html", config=_text(results / "config.yaml"))),
        "cite": ("How to cite", citation_section(study["citation"])),
    }
    html = render(
        "page.html",
        study=study["study"],
        question=study["question"],
        verdicts=verdicts_in_words(claims),
        found=[finding for finding in findings if finding.text and finding.grave],
        sections={anchor: section for anchor, section in sections.items() if section[1]},
    )
    write_text(page, html)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
