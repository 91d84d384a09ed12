"""What documentation shows of reference studies is what their tables say."""

import pandas as pd
import pytest

from advscape.figures.style import save
from docs.hooks.reference import PAGES, RESULTS, page, small
from tests.conftest import ROOT


def texts(**columns):
    return pd.DataFrame(columns, dtype=str)


def test_tables_are_made_small_and_keys_stay_as_they_are():
    rows = texts(
        experiment=["a"], dataset=["digits"], epsilon=["0.12549019607843137"], label=[""],
        accuracy=["0.123456789"], loss=[""], attack=["pgd"],
    )  # fmt: skip
    found = small(rows, "robustness")
    assert found.to_dict("records") == [
        {"experiment": "a", "epsilon": "0.12549019607843137", "accuracy": "0.123457",
         "attack": "pgd"}
    ]  # fmt: skip


def test_times_and_rows_that_pages_do_not_need_are_left_out():
    assert list(small(texts(experiment=["a"], wall_s=["3"], train_loss=["1"]), "runs")) == [
        "experiment", "train_loss",
    ]  # fmt: skip
    splits = texts(experiment=["a", "a"], split=["train", "test"], trace=["1", "2"])
    assert list(small(splits, "curvature")["trace"]) == ["1"]


def test_claims_are_whole():
    rows = texts(claim=["C1"], missing=[""])
    assert list(small(rows, "claims")) == ["claim", "missing"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_in_step_with_its_tables(name, tmp_path):
    text, folder = (RESULTS / f"{name}.md").read_text(encoding="utf-8"), RESULTS / name
    assert page(name, text, folder) == text
    for figure, draw in PAGES[name].figures.items():
        save(draw(folder), [tmp_path / "again.svg"])
        assert (tmp_path / "again.svg").read_bytes() == (folder / f"{figure}.svg").read_bytes()
        assert f"({name}/{figure}.svg)" in text


def test_a_page_without_its_markers_is_refused():
    with pytest.raises(ValueError, match=r"mnist.md lacks the markers <!-- pairs: begin -->"):
        page("mnist", "nothing", RESULTS / "mnist")


def test_all_of_them_are_less_than_two_megabytes():
    assert sum(file.stat().st_size for file in RESULTS.rglob("*") if file.is_file()) < 2e6


@pytest.mark.parametrize("name", PAGES)
def test_each_has_its_study(name):
    assert (ROOT / f"studies/{name}.yaml").exists()
