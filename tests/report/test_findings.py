"""Warnings: what each says where there is something, and what is said where there is nothing."""

import json

import numpy as np
import pandas as pd

from advscape.report.convergence import regimes_section, unconverged_section
from advscape.report.findings import findings_of
from advscape.report.missing import missing_section
from advscape.report.notes import notes_section
from advscape.report.samples import samples_section
from tests.report.studies import KEY, rows

MISSING = {"experiment": "a", "epsilon": "0.1", "seed": "3", "stage": "train", "reason": "full"}


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
    table = pd.DataFrame({"experiment": ["a", "a", "b", "c"], "half_spread": [0.1, 0.7, 0.2, None]})
    lines = " ".join(samples_section(table).split())
    assert "a: 1 of 2 measurements above 50 %; median 40 %, largest 70 %" in lines
    assert "b:" not in lines
    assert samples_section(table[2:]) == ""


def test_what_did_not_converge_is_counted_among_what_could():
    runs = rows("runs", *(KEY | {"converged": value} for value in (True, False, None)))
    curvature = rows("curvature", KEY | {"converged": True}, KEY | {"experiment": "other"})
    html = unconverged_section(runs, curvature)
    assert "<li>net: 1 of 2 solutions did not reach their tolerance</li>" in html
    assert "eigenvalues" not in html.split("</ul>")[0]
    assert unconverged_section(runs[:1], curvature) == ""


def test_regimes_are_named_with_their_epsilons():
    regimes = {0.0: "separable", 0.3: "separable", 0.6: "finite", 1.5: "collapsed"}
    runs = rows("runs", *(KEY | {"epsilon": e, "regime": r} for e, r in regimes.items()))
    html = regimes_section(runs)
    assert "<li>net: 2 runs are separable, epsilon 0 to 0.3</li>" in html
    assert "<li>net: 1 run is collapsed, epsilon 1.5</li>" in html
    assert regimes_section(runs[2:3]) == ""


def test_where_nothing_was_found_it_is_said_of_each():
    tables = {name: rows(name) for name in ("missing", "sanity", "runs", "curvature")}
    findings = findings_of(tables, [])
    assert [finding.text for finding in findings] == [""] * 9
    assert all(finding.otherwise.endswith(".") for finding in findings)
