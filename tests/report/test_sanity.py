import pandas as pd

from advscape.evaluation.checks import GUESS, PUBLISHED
from advscape.report.sanity import guess_section, published_section, sanity_section


def sanity(*values):
    return pd.DataFrame(
        [
            {"experiment": "a<b", "label": None, "noise": "aligned", "epsilon": 0.1 * i,
             "epoch": None, "variant": None, "checkpoint": "last", "seed": seed,
             "check": "kkt residual", "value": value, "bound": 0.1, "ok": value <= 0.1, "n": 60 + i}
            for i, value in enumerate(values)
            for seed in (0, 1)
        ]
    )  # fmt: skip


def test_where_all_passed_nothing_is_said():
    assert sanity_section(sanity(0.05, 0.1)) == ""


def test_failures_are_counted_and_named():
    html = sanity_section(sanity(0.05, 0.2, 0.3))
    assert "4 of 6 checks failed" in html
    for words in (
        "a&lt;b",
        "4 of 6",
        "0.3",
        "<td>61</td>",
        "aligned 0.1: seed 0, 1; aligned 0.2: seed 0, 1",
        "<code>relative_step</code>",
    ):
        assert words in html
    assert html.count("<tr>") == 2


def test_what_helps_the_attack_is_said_of_its_own_check_alone():
    html = sanity_section(sanity(0.2).assign(check="loss rises with steps"))
    assert "2 of 2 checks failed" in html
    assert "relative_step" not in html


def test_networks_unlike_what_was_published_are_named():
    rows = sanity(0.05, 0.2).assign(check=PUBLISHED, label="TRADES", epoch=[None, None, 7.0, 7.0])
    html = published_section(rows)
    assert "2 of 4 networks do not have the accuracy" in html
    assert "TRADES aligned 0.1 epoch 7: seed 0, 1" in html
    assert "0.2000" in html
    assert published_section(sanity(0.2)) == ""
    assert published_section(rows[rows["ok"]]) == ""


def test_networks_that_have_learnt_nothing_are_named():
    rows = sanity(0.05, 0.2).assign(check=GUESS)
    html = " ".join(guess_section(rows).split())
    assert "2 of 4 networks have learnt nothing" in html
    assert "a&lt;b, 2 of 4: aligned 0.1: seed 0, 1" in html
    assert guess_section(rows[rows["ok"]]) == ""


def test_a_value_that_is_not_a_number_is_the_worst():
    assert "not a number" in sanity_section(sanity(0.3, float("nan")))


def test_a_study_without_checks_fails_none():
    empty = pd.DataFrame(columns=["experiment", "check", "value", "bound", "ok"])
    assert sanity_section(empty) == published_section(empty) == guess_section(empty) == ""
