"""The report as a whole: what stands on it and where, and that no text is taken for HTML."""

import json
import re
from html import escape

from advscape.report.sanity import published_section
from advscape.study.columns import SUMMARIES
from tests.report.studies import CLAIM, EXPERIMENT, KEY, SHOWN, figure, outline, report, rows

HOSTILE = "<script>'&\""
NAMES = [name for name, column in SUMMARIES["claims"].items() if column.kind == "name"]


def place(page, *texts):
    """Where texts stand, one after the other."""
    places = [page.index(text) for text in texts]
    assert places == sorted(places)
    return places


def test_it_opens_with_the_answer(tmp_path):
    page = report(tmp_path)
    place(
        page, "<h1>made-up</h1>", "Does it sharpen?", "The study&#39;s one claim is supported.",
        'id="claims"', "13 [3.7, 48]", 'id="answer"', "data:image/", 'id="run"', 'id="warnings"',
        'id="figures"', 'id="tables"', 'id="columns"', 'id="config"', 'id="cite"',
    )  # fmt: skip
    assert "http://" not in page
    assert "https://" not in re.sub(r"<pre.*?</pre>|href=\"http[^\"]*\">[^<]*</a>", "", page)


def test_twice_it_is_the_same(tmp_path):
    assert report(tmp_path) == report(tmp_path)


def test_each_figure_is_there_once_and_the_answer_has_three(tmp_path):
    page = report(tmp_path)
    assert page.count("<img") == 4
    _, answer, others = re.split(r'<section id="(?:answer|figures)"', page)
    assert re.findall(r'<figure id="figure-(\w+)_net"', answer.split("<section")[0]) == [
        "curvature", "landscape", "robustness",
    ]  # fmt: skip
    assert re.findall(r'<figure id="figure-(\w+)_net"', others) == ["layers"]
    # as large as on paper: 10 by 5 inches
    assert 'width="960" height="480"' in page
    assert "<em>layers</em> of it" in page


def test_the_answer_is_of_the_experiment_with_the_most_claims(tmp_path):
    study = outline(
        figure(tmp_path, "curvature"), figure(tmp_path, "along", "other"),
        figure(tmp_path, "curvature", "other"), figure(tmp_path, "robustness", "other"),
        figure(tmp_path, "landscape", "other"),
    )  # fmt: skip
    claims = rows("claims", CLAIM, *(CLAIM | {"experiment": "other"},) * 2)
    page = report(tmp_path, {"claims": claims}, study)
    answer = page.split('<section id="answer"')[1].split("<section")[0]
    assert re.findall(r'<figure id="figure-(\w+)"', answer) == [
        "along_other", "curvature_other", "landscape_other",
    ]  # fmt: skip


def test_a_study_of_nothing_has_a_page(tmp_path):
    (tmp_path / "runs").mkdir()
    study = outline(experiments=[], jobs={"dataset": ["digits"]}, question=None)
    page = report(tmp_path, {name: rows(name) for name in SHOWN}, study)
    assert "This study states no claims." in page
    assert "<b>None.</b>" in page
    assert "Before you use the numbers" not in page
    assert not re.search(r"\bnan\b", page.lower())
    assert "<img" not in page


def test_what_was_run_and_what_it_took(tmp_path):
    page = " ".join(report(tmp_path).split())
    assert "0, 0.6, unknown" in page
    assert "Some CPU, 4 cores" in page
    assert "torch 2.15.0" in page
    row = page.split('<th scope="row">train</th>')[1].split("</tr>")[0]
    assert re.findall(r">([^<>]+)</td>", row) == ["1", "10.5 min", "\u2013", "1,010"]


def test_no_text_from_outside_is_taken_for_html(tmp_path):
    hostile = dict.fromkeys(NAMES, HOSTILE) | {"missing": HOSTILE, "effect": HOSTILE}
    key = KEY | dict.fromkeys(("experiment", "noise", "label", "variant", "checkpoint"), HOSTILE)
    trial = tmp_path / "trial.json"
    trial.write_text(json.dumps({"notes": [HOSTILE]}))
    tables = {
        "claims": rows("claims", CLAIM | hostile),
        "sanity": rows(
            "sanity", key | {"check": HOSTILE, "value": 1, "bound": 0.1, "ok": False, "n": 9}
        ),
        "curvature": rows("curvature", key | {"reason": HOSTILE, "half_spread": 0.7}),
        "runs": rows("runs", key | {"regime": "collapsed", "converged": False}),
        "missing": rows("missing", dict.fromkeys(SUMMARIES["missing"], HOSTILE)),
    }
    study = outline(
        figure(tmp_path, "curvature", title=HOSTILE, category=HOSTILE), study=HOSTILE,
        question=HOSTILE, experiments=[EXPERIMENT | {"title": HOSTILE}], tried=[HOSTILE],
        citation=f"message: \"{HOSTILE[:-1]}\"\ntitle: x\nauthors: [{{name: y}}]\n",
    )  # fmt: skip
    page = report(tmp_path, tables, study, [trial])
    script = page.count("<script")
    assert script == 1  # our own
    shown = escape(HOSTILE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    assert page.count(shown) > 2 * len(NAMES)
    assert HOSTILE[:-1] not in page


def test_published_accuracies_stand_before_all_else(tmp_path):
    check = {"check": "accuracy as published", "value": 0.2, "bound": 0.01, "ok": False, "n": 9}
    sanity = rows("sanity", KEY | check)
    page = report(tmp_path, {"sanity": sanity})
    place(page, 'href="#published"', 'id="claims"', str(published_section(sanity)))
    assert "1 of 1 networks do not have the accuracy" in page


def test_large_tables_show_their_first_rows(tmp_path):
    page = report(tmp_path, {"runs": rows("runs", *(KEY | {"seed": i} for i in range(150)))})
    assert "The first 100 of 150 rows" in page
    assert '<td class="n">99</td>' in page
    assert '<td class="n">100</td>' not in page
    assert 'href="tables/runs.csv"' in page
