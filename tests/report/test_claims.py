"""Claims: their numbers in words, their places on the axis, and what is said without numbers."""

import re

import numpy as np
import pandas as pd
import pytest

from advscape.report.claims import claims_of, claims_section, verdicts_in_words
from advscape.report.forest import Axis, Effect
from tests.report.studies import CLAIM, rows

NONE = dict.fromkeys(("estimate", "ci_low", "ci_high", "p_value", "p_holm", "detectable"), np.nan)


def section(*changes):
    return claims_section(claims_of(rows("claims", *(CLAIM | change for change in changes))))


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", str(html)).split())


def test_a_claim_stands_with_its_numbers_and_its_rule():
    text = words(section({}))
    for part in (
        "C1 \u2713 supported", "Noise sharpens.", "13 [3.7, 48] epsilon 0.6 over epsilon 0",
        "p < 0.001, Holm's p = 0.012; 5 seeds, 35 runs", "studies would find a true ratio of 2.4.",
        "the lower limit is above 2", "lambda_max of net; hessian total",
    ):  # fmt: skip
        assert part in text.replace("&lt;", "<").replace("&#39;", "'")


def test_a_claim_that_is_not_testable_has_no_numbers():
    html = section(NONE | {"verdict": "not testable", "seeds": 2})
    assert "no estimate" in html
    assert "nan" not in html
    assert 'class="plot"' not in html


def test_seeds_that_do_not_differ_are_said_in_words():
    text = words(section({"estimate": 1, "ci_low": 1, "ci_high": 1, "p_value": 0, "p_holm": 0}))
    assert "1 in every seed" in text
    assert "no p value, because the seeds do not differ" in text
    assert "studies would find" not in text


def test_an_exact_p_value_stays_where_the_seeds_do_not_differ():
    """A trend test orders values; its p value is not about their spread."""
    text = words(section({"estimate": 2, "ci_low": 2, "ci_high": 2, "p_value": 0.004}))
    assert "2 in every seed" in text
    assert "p = 0.004" in text


@pytest.mark.parametrize(
    ("verdict", "look"),
    [("supported", "supported"), ("contradicted", "contradicted"), ("not supported", "open")],
)
def test_a_verdict_has_its_colour(verdict, look):
    assert f'<span class="verdict {look}">' in section({"verdict": verdict})


def test_missing_runs_of_a_claim_are_named():
    assert "Missing: epsilon 0.6, seed 3" in words(section({"missing": "epsilon 0.6, seed 3"}))


def test_two_claims_of_one_id_have_their_own_anchors():
    html = section({}, {})
    assert len(set(re.findall(r'<li id="([^"]+)"', html))) == 2


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (["supported"], "The study's one claim is supported."),
        (["not testable"] * 3, "All 3 claims are not testable."),
        (
            ["not supported", "supported", "supported", "contradicted"],
            "Of 4 claims 2 are supported, 1 is contradicted and 1 is not supported.",
        ),
    ],
)
def test_verdicts_are_counted_in_a_sentence(verdicts, sentence):
    claims = claims_of(rows("claims", *(CLAIM | {"verdict": verdict} for verdict in verdicts)))
    assert verdicts_in_words(claims) == sentence


def test_ratios_stand_on_a_logarithmic_axis_about_one():
    effects = [Effect(4, 2, 8, 2), Effect(0.25, 0.125, 0.5, 2)]
    axis = Axis("ratio", effects)
    up, down = map(axis.plot, effects)
    # as far to the right as the other is to the left
    assert up.value - up.reference == pytest.approx(down.reference - down.value)
    assert up.high - up.value == pytest.approx(up.value - up.low, abs=0.02)
    assert up.bounds == pytest.approx((down.high, up.low))
    assert up.reference in [at for at, value in axis.ticks if value == 1]


def test_differences_stand_on_a_linear_axis_about_zero():
    axis = Axis("difference", [Effect(-0.2, -0.3, -0.1, 0.1), Effect(0.1, 0.0, 0.2, 0.1)])
    one, other = axis.plot(Effect(-0.2, -0.3, -0.1, 0.1)), axis.plot(Effect(0.1, 0, 0.2, None))
    assert other.low == one.reference
    assert one.reference - one.value == pytest.approx(2 * (other.value - one.reference), abs=0.02)
    assert other.bounds == ()
    assert len(one.bounds) == 2
    assert len(axis.plot(Effect(0.1, 0, 0.2, 0.1)).bounds) == 2
    share = Effect(0.4, 0.3, 0.5, 0.2)
    assert len(Axis("share", [share]).plot(share).bounds) == 1


@pytest.mark.parametrize("high", [1e9, np.inf])
def test_an_endless_interval_is_cut_off_and_leaves_the_others_their_width(high):
    wide, narrow = Effect(2, 1e-9, high, 2), Effect(3, 2, 4, 2)
    axis = Axis("ratio", [wide, narrow])
    plot, beside = axis.plot(wide), axis.plot(narrow)
    assert plot.cut_low
    assert plot.cut_high
    assert 0 <= plot.low < plot.high <= 100
    assert beside.high - beside.low > 5
    assert not beside.cut_high


@pytest.mark.parametrize("kind", ["ratio", "difference", "tau", "share"])
@pytest.mark.parametrize("scale", [1e-6, 0.01, 1.0, 1e7])
def test_labels_are_few_and_no_effect_is_one(kind, scale):
    ends = (1 + scale, 1 / (1 + scale)) if kind == "ratio" else (scale, -scale)
    axis = Axis(kind, [Effect(end, end, end, None) for end in ends])
    assert 2 <= len(axis.ticks) <= 7
    assert axis.reference in [value for _, value in axis.ticks]
    assert all(0 <= at <= 100 for at, _ in axis.ticks)


def test_ratios_of_both_signs_are_drawn_all_the_same():
    html = section({"estimate": -1.0, "ci_low": -2.0, "ci_high": 3.0})
    assert ">ratio</p>" in html
    assert ">ratio, logarithmic</p>" in section({})
    plot = Axis("ratio", [Effect(-1.0, -2.0, 3.0, 2)]).plot(Effect(-1.0, -2.0, 3.0, 2))
    assert 0 <= plot.low < plot.value < plot.high <= 100


def test_nothing_is_drawn_of_no_claims():
    assert "<svg" not in claims_section(claims_of(pd.DataFrame(columns=list(CLAIM))))
