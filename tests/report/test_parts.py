"""Captions, excerpts of tables, times and memory, the data dictionary, how to cite."""

import json

import numpy as np
import pandas as pd
import pytest
from jinja2 import UndefinedError

from advscape.report.account import costs_of, made_by, records_of
from advscape.report.captions import caption_html
from advscape.report.citation import citation_section
from advscape.report.dictionary import dictionary_section
from advscape.report.render import render
from advscape.report.rows import excerpt
from advscape.study.columns import COLUMNS, KEY, SUMMARIES
from advscape.study.figures import FIGURES
from tests.conftest import ROOT
from tests.report.studies import RECORD


@pytest.mark.parametrize("kind", FIGURES)
def test_every_caption_of_the_catalogue_can_be_shown(kind):
    text = (ROOT / f"workflow/report/{kind}.rst").read_text(encoding="utf-8")
    html = caption_html(text, "a_b-1" if FIGURES[kind].of == "experiment" else None)
    assert html.startswith("<p>")
    assert "{" not in html
    assert "system-message" not in html
    assert ("a_b-1" in html) == ("wildcards" in text)


def test_a_caption_reads_no_file_and_takes_no_html():
    html = caption_html(".. raw:: html\n\n   <script>\n\n.. include:: /etc/hostname\n\n<b>\n", None)
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_caption_that_names_what_is_not_there_is_an_error():
    with pytest.raises(UndefinedError):
        caption_html("{{ snakemake.input }}", "a")


def test_cells_of_an_excerpt_are_those_of_the_table():
    table = pd.DataFrame({
        "experiment": ["a", "b"], "seed": [0, 1], "train_loss": [1 / 3, np.nan],
        "converged": [True, None], "grad_norm": [np.nan, np.nan],
    })  # fmt: skip
    found = excerpt("runs", table, limit=2)
    assert found.columns == [
        ("experiment", False), ("seed", True), ("train_loss", True), ("converged", False),
    ]  # fmt: skip
    assert found.rows == [["a", "0", "0.333333", "True"], ["b", "1", "", ""]]
    assert found.left_out == ["grad_norm"]
    assert excerpt("runs", table, limit=1).total == 2
    assert excerpt("runs", table[:0]).rows == []


def test_times_are_summed_and_the_most_memory_is_named(tmp_path):
    for name, cells in {"a": "10\t500\t4", "b": "20\t900\t6", "c": "0.5\tNA\t-"}.items():
        (tmp_path / "train/net").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"train/net/{name}.tsv").write_text(f"s\tmax_rss\tcpu_time\n{cells}\n")
    jobs = {"train": [f"net/{name}" for name in "abcd"], "evaluate": ["net/a"]}
    (cost,) = costs_of(tmp_path, jobs)
    assert (cost.stage, cost.jobs, cost.seconds, cost.cpu_seconds) == ("train", 3, 30.5, 10)
    assert cost.memory == 900


def test_records_of_all_kinds_of_jobs_are_found(tmp_path):
    files = (
        "datasets/digits.json", "runs/net/trial.json", "runs/net/eps~0/seed~0/train.json",
        "runs/net/eps~0/seed~0/landscape/part~0.json", "runs/given/eps~0/seed~0/checkpoint.json",
        "runs/line/seed~0/landscape.json",
    )  # fmt: skip
    for i, file in enumerate((*files, "runs/older/eps~0/seed~0/train.json")):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(json.dumps(RECORD | {"cores": i}))
    jobs = {
        "dataset": ["digits"], "try": ["net/trial"], "train": ["net/eps~0/seed~0"],
        "landscape": ["net/eps~0/seed~0/part~0", "line/seed~0"], "take": ["given/eps~0/seed~0"],
    }  # fmt: skip
    found = records_of(tmp_path, jobs)
    assert sorted(record["cores"] for record in found) == list(range(len(files)))


def test_each_machine_and_version_is_named_once():
    later = {"started": "2026-11-30T00:00:00Z", "versions": {"torch": "2.16.0"}}
    made = made_by([RECORD, RECORD, RECORD | later, RECORD | {"cores": 8}])
    assert made.machines == ("Some CPU, 4 cores", "Some CPU, 8 cores")
    assert made.versions["torch"] == ("2.15.0", "2.16.0")
    assert made.devices == ("cpu",)
    assert (made.first, made.last) == ("2026-11-29 07:52", "2026-11-30 00:00")


def test_no_record_is_no_machine():
    made = made_by([])
    assert (made.machines, made.devices, made.first) == ((), (), "")


def test_the_dictionary_has_every_column():
    html = dictionary_section([*COLUMNS, *SUMMARIES])
    for columns in (KEY, *COLUMNS.values(), *SUMMARIES.values()):
        for name in columns:
            assert f'<th scope="row">{name}</th>' in html
    assert "`" not in html
    assert ".md" not in html


def test_software_and_paper_are_to_be_cited():
    html = citation_section((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert "The advscape developers. <i>advscape</i>, version" in html
    assert "Masanori Yamada, Sekitoshi Kanai" in html
    assert 'href="https://arxiv.org/abs/2102.02950"' in html


def test_a_template_that_lacks_a_record_is_an_error():
    with pytest.raises(UndefinedError, match="jobs"):
        render("missing.html")
