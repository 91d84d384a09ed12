import pandas as pd

from advscape.report.comparison import comparison_section
from advscape.study.columns import SUMMARIES
from tests.report.studies import report


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
    html = " ".join(comparison_section(compared("base", "sam<b>")).split())
    assert "<h3>a</h3>" in html
    for name, mean, rank in (("base", 0.5, 2), ("sam&lt;b&gt;", 0.6, 1)):
        cell = f"{mean} ({rank})<br><small>&plusmn; 0.02</small></td>"
        assert f'<th scope="row">{name}</th> <td>3</td> <td class="short">{cell}' in html


def test_nothing_is_said_where_nothing_is_compared():
    assert comparison_section(compared("base")) == ""
    assert comparison_section(None) == ""


def test_the_page_has_it_as_a_section(tmp_path):
    page = report(tmp_path, {"comparison": compared("base", "sam")})
    assert "Side by side</h2>" in page
    assert "Side by side</h2>" not in report(tmp_path)
