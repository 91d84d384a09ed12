import pandas as pd
from markupsafe import Markup

from advscape.evaluation.checks import PUBLISHED
from advscape.report.page import claims_page
from advscape.report.sanity import published_section, sanity_section
from advscape.study.columns import SUMMARIES


def sanity(*values):
    return pd.DataFrame(
        [
            {"experiment": "a<b", "label": None, "noise": "aligned", "epsilon": 0.1 * i,
             "epoch": None, "variant": None, "checkpoint": "last", "seed": seed,
             "check": "kkt residual", "value": value, "bound": 0.1, "ok": value <= 0.1}
            for i, value in enumerate(values)
            for seed in (0, 1)
        ]
    )  # fmt: skip


def test_all_passed_is_said():
    assert "all 4 checks passed" in sanity_section(sanity(0.05, 0.1))


def test_failures_are_counted_and_named():
    html = sanity_section(sanity(0.05, 0.2, 0.3))
    assert "4 of 6 checks failed" in html
    for words in ("a&lt;b", "4 of 6", "0.3", "aligned 0.1: seed 0, 1; aligned 0.2: seed 0, 1"):
        assert words in html
    assert html.count("<tr>") == 2


def test_networks_unlike_what_was_published_come_first(tmp_path):
    rows = sanity(0.05, 0.2).assign(check=PUBLISHED, label="TRADES", epoch=[None, None, 7.0, 7.0])
    html = published_section(rows)
    assert "2 of 4 networks do not have the accuracy" in html
    assert "TRADES aligned 0.1 epoch 7: seed 0, 1" in html
    assert "0.2000" in html
    assert published_section(sanity(0.2)) == ""
    assert published_section(rows[rows["ok"]]) == ""
    curvature = pd.DataFrame({"experiment": [], "half_spread": [], "reason": []})
    claims_page(
        pd.DataFrame(columns=list(SUMMARIES["claims"])), {"sanity": rows, "curvature": curvature},
        Markup("<p>notes</p>"), tmp_path / "claims.html",
    )  # fmt: skip
    page = (tmp_path / "claims.html").read_text()
    assert page.index("published with their weights") < page.index("notes")


def test_a_value_that_is_not_a_number_is_the_worst():
    assert "not a number" in sanity_section(sanity(0.3, float("nan")))


def test_a_study_without_checks_has_a_page_too(tmp_path):
    empty = pd.DataFrame(columns=["experiment", "check", "value", "bound", "ok"])
    curvature = pd.DataFrame(
        {"experiment": ["net", "net"], "half_spread": [0.1, 0.7], "reason": None}
    )
    claims_page(
        pd.DataFrame(columns=list(SUMMARIES["claims"])),
        {"sanity": empty, "curvature": curvature},
        "",
        tmp_path / "claims.html",
    )
    assert "all 0 checks passed" in (tmp_path / "claims.html").read_text()
