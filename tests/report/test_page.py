"""The claims' page: what stands on it, and that no text from outside is taken for HTML."""

import json
from html import escape

import numpy as np
import pandas as pd
import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from advscape.report.claims import claims_section
from advscape.report.comparison import comparison_section
from advscape.report.missing import missing_section
from advscape.report.notes import notes_section
from advscape.report.page import claims_page
from advscape.report.render import render
from advscape.report.samples import samples_section
from advscape.study.columns import SUMMARIES, columns_of

NAMES = [name for name, column in SUMMARIES["claims"].items() if column.kind == "name"]
CLAIM = {name: name for name in NAMES} | {
    "estimate": 1.2345, "ci_low": 1.1, "ci_high": 123456.0, "p_value": 0.00123, "n_runs": 12,
}  # fmt: skip
MISSING = {"experiment": "a", "epsilon": "0.1", "seed": "3", "stage": "train", "reason": "full"}
HOSTILE = "<script>'&\""


def test_a_claim_stands_with_its_numbers_and_its_rule():
    html = claims_section(pd.DataFrame([CLAIM]))
    for words in (*NAMES, "1.23 [1.1, 1.23e+05]", "<td>0.0012</td>", "<td>12</td>"):
        assert words in html


def test_a_claim_that_is_not_testable_has_no_numbers():
    none = dict.fromkeys(("estimate", "ci_low", "ci_high", "p_value"), np.nan)
    html = claims_section(pd.DataFrame([CLAIM | none]))
    assert html.count("<td>&ndash;</td>") == 2
    assert "nan" not in html


@pytest.mark.parametrize(
    ("verdict", "look"),
    [("supported", "supported"), ("contradicted", "contradicted"), ("not supported", "open")],
)
def test_a_verdict_has_its_colour(verdict, look):
    html = claims_section(pd.DataFrame([CLAIM | {"verdict": verdict}]))
    assert f'<span class="verdict {look}">{verdict}</span>' in html


def test_missing_runs_are_counted_and_named():
    assert missing_section(pd.DataFrame(columns=list(MISSING))) == ""
    one = missing_section(pd.DataFrame([MISSING]))
    assert "1 job was not done" in one
    assert "<li>a, epsilon 0.1, seed 3: train: full</li>" in one
    of_all = MISSING | dict.fromkeys(("experiment", "epsilon", "seed"), np.nan)
    two = missing_section(pd.DataFrame([MISSING, of_all]))
    assert "2 jobs were not done" in two
    assert "<li>all experiments: train: full</li>" in two


def trial(folder, name, *notes):
    file = folder / name / "trial.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"notes": notes}))
    return file


def test_notes_stand_with_their_experiment(tmp_path):
    silent, telling = trial(tmp_path, "a"), trial(tmp_path, "b", "One.", "Two.")
    assert notes_section([("a", silent)]) == ""
    html = notes_section([("a", silent), ("b", telling), ("b", telling)])
    assert "<li>b: One.</li>\n<li>b: Two.</li>" in html


def test_samples_are_too_few_where_halves_differ_much():
    rows = pd.DataFrame({"experiment": ["a", "a", "b", "c"], "half_spread": [0.1, 0.7, 0.2, None]})
    lines = " ".join(samples_section(rows).split())
    assert "a: median 40 %, largest 70 %; 1 of 2 measurements above 50 %: take more" in lines
    assert "<li>b: median 20 %, largest 20 %</li>" in lines
    assert "c:" not in lines


def compared(*variants):
    """Rows of comparison.csv: variants of which the later ones are better."""
    columns = list(SUMMARIES["comparison"])
    return pd.DataFrame(
        [
            dict.fromkeys(columns, 1.0)
            | {"experiment": "a", "label": None, "variant": variant, "noise": "aligned",
               "epsilon": 0.5, "checkpoint": "last", "seeds": 3, "total": None,
               "test_accuracy": 0.5 + 0.1 * i, "test_accuracy_sd": 0.02,
               "rank_test_accuracy": len(variants) - i}
            for i, variant in enumerate(variants)
        ]
    )  # fmt: skip


def test_variants_stand_side_by_side_with_their_ranks():
    html = " ".join(comparison_section(compared("base", "sam")).split())
    assert "<h2>Side by side: a</h2>" in html
    for name, mean, rank in (("base", 0.5, 2), ("sam", 0.6, 1)):
        cell = f"{mean} ({rank})<br><small>&plusmn; 0.02</small></td>"
        assert f'<td>{name}</td> <td>3</td> <td class="short">{cell}' in html
    assert comparison_section(compared("base")) == ""
    assert comparison_section(None) == ""


def test_no_text_from_outside_is_taken_for_html(tmp_path):
    key = {"experiment": HOSTILE, "noise": HOSTILE, "epsilon": 0.1, "seed": 0}
    key |= {"label": HOSTILE, "epoch": 3, "variant": HOSTILE, "checkpoint": HOSTILE}
    sanity = key | {"check": HOSTILE, "value": 1.0, "bound": 0.1, "ok": False}
    hessian = {"loss": HOSTILE, "hessian": HOSTILE, "reason": HOSTILE, "half_spread": 0.1}
    missing = pd.DataFrame([dict.fromkeys(MISSING, HOSTILE)])
    page = tmp_path / "claims.html"
    claims_page(
        pd.DataFrame([CLAIM | dict.fromkeys(NAMES, HOSTILE)]),
        {
            "sanity": pd.DataFrame([sanity]),
            "curvature": pd.DataFrame([key | hessian]),
            "comparison": compared(HOSTILE, HOSTILE + "2"),
        },
        missing_section(missing) + notes_section([("<b>'&", trial(tmp_path, "x", HOSTILE))]),
        page,
    )
    text = page.read_text()
    assert "<script" not in text
    assert "<b>'" not in text
    shown = escape(HOSTILE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    # claim, missing run, note, failed check, Hessian without numbers, its samples, two variants
    assert text.count(shown) == len(NAMES) + 5 + 1 + 6 + 4 + 1 + 2


def test_a_study_of_nothing_has_a_page(tmp_path):
    names = ("sanity", "curvature", "comparison")
    tables = {name: pd.DataFrame(columns=list(columns_of(name))) for name in names}
    page = tmp_path / "claims.html"
    claims_page(pd.DataFrame(columns=list(SUMMARIES["claims"])), tables, Markup(), page)
    text = page.read_text()
    assert "This study states no claims." in text
    assert "<table" not in text
    assert "<li>" not in text


def test_a_template_that_lacks_a_record_is_an_error():
    with pytest.raises(UndefinedError, match="jobs"):
        render("missing.html")
