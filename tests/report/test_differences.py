"""Two made folders of results: what differs is named, what is no result is one line."""

import json
import shutil

import pandas as pd
import pytest
import yaml

from advscape.errors import UserError
from advscape.report.config_differences import config_differences
from advscape.report.differences import differences
from advscape.report.differences_page import differences_page, in_words
from advscape.study.columns import columns_of
from advscape.tables.rows import write_rows

CONFIG = {
    "study": "s",
    "experiments": [
        {"name": "a", "grid": {"epsilons": [0, 0.5]}, "training": {"epochs": 3}, "claims": []},
        {"name": "b", "grid": {"epsilons": [0]}, "training": {"epochs": 3, "averaging": None}},
    ],
}
RECORD = {"code": "11", "makers": {"advscape.a:b": "22"}, "versions": {"torch": "2.14.0"},
          "python": "3.11.7", "device": "cpu", "config": {}, "cell": {"seed": 0}, "wall_s": 1.0,
          "started": "2025-01-01T00:00:00Z"}  # fmt: skip
CLAIMS = [
    {"claim": "C1", "statement": "One <b>.", "verdict": "supported", "estimate": 2.0,
     "ci_low": 1.5, "ci_high": 2.7},
    {"claim": "C2", "statement": "Two.", "verdict": "supported", "estimate": 5.0, "ci_low": 4.0,
     "ci_high": 6.0},
    {"claim": "C3", "statement": "Three.", "verdict": "not testable"},
]  # fmt: skip
RUNS = [{"experiment": "a", "epsilon": 0.5, "seed": seed, "train_loss": 0.5} for seed in (0, 1)]


def write(folder, table, rows):
    whole = pd.DataFrame(rows).reindex(columns=list(columns_of(table)))
    write_rows(whole, folder / f"tables/{table}.csv")


@pytest.fixture
def results(tmp_path):
    """The folders of two equal studies."""
    folders = [tmp_path / name / "results/s" for name in ("here", "there")]
    for folder in folders:
        run = folder / "runs/a/seed~0"
        (run / "landscape").mkdir(parents=True)
        for name in ("train.json", "landscape/part~0.json"):
            (run / name).write_text(json.dumps(RECORD))
        (run / "other.json").write_text("[1, 2]")  # no record
        (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
        write(folder, "claims", CLAIMS)
        write(folder, "runs", RUNS)
    return folders


def test_equal_folders_are_one_line(results):
    found = differences(*results)
    assert found.none
    line = in_words(found)
    assert "\n" not in line
    assert "are the same, times aside" in line
    assert "3 claims and 36 cells of 1 table" in line


def test_times_and_dates_are_no_difference(results):
    record = RECORD | {"wall_s": 9.0, "started": "2026-01-01T00:00:00Z"}
    (results[1] / "runs/a/seed~0/train.json").write_text(json.dumps(record))
    write(results[1], "runs", [row | {"wall_s": 3.0} for row in RUNS])
    assert differences(*results).none


def test_the_config_key_by_key(results):
    config = {
        "study": "s",
        "experiments": [  # in another order
            {"name": "b", "grid": {"epsilons": [0]},
             "training": {"epochs": 3, "averaging": {"ema": 0.9}}},
            {"name": "a", "grid": {"epsilons": [0, 1]}, "training": {"epochs": 4}, "claims": []},
        ],
    }  # fmt: skip
    found = {key.key: key.values for key in config_differences(CONFIG, config)}
    assert found == {
        "experiments[a].grid.epsilons": ("[0, 0.5]", "[0, 1]"),
        "experiments[a].training.epochs": ("3", "4"),
        "experiments[b].training.averaging": ("nothing", "no such key"),
        "experiments[b].training.averaging.ema": ("no such key", "0.9"),
    }
    assert config_differences(CONFIG, CONFIG) == ()


def test_sections_without_names_of_their_own_are_numbered():
    attacks = [{"name": "pgd", "steps": 2}, {"name": "pgd", "steps": 3}]
    (key,) = config_differences({"attacks": attacks}, {"attacks": [attacks[0], attacks[0]]})
    assert (key.key, key.values) == ("attacks[1].steps", ("3", "2"))


def test_code_versions_and_machine(results):
    other = RECORD | {"code": "33", "versions": {"torch": "2.15.0"}, "device": "cuda"}
    run = results[1] / "runs/a/seed~0"
    (run / "train.json").write_text(json.dumps(other))
    (run / "landscape/part~0.json").write_text(
        json.dumps(RECORD | {"makers": {}, "versions": {"torch": "2.15.0"}})
    )
    (run / "more.json").write_text(json.dumps(RECORD))
    records = differences(*results).records
    assert [(fact.fact, fact.values, fact.records) for fact in records.code] == [
        ("landscape: makers advscape.a:b", ("22", ""), 1),
        ("train: code", ("11", "33"), 1),
    ]
    assert [(fact.fact, fact.values, fact.records) for fact in records.machine] == [
        ("device", ("cpu", "cuda"), 1),
        ("versions torch", ("2.14.0", "2.15.0"), 2),
    ]
    assert (records.both, records.only) == (2, (0, 1))


def test_changed_verdicts_stand_first(results):
    claims = [
        CLAIMS[0],
        CLAIMS[1] | {"estimate": 4.0},
        CLAIMS[2] | {"verdict": "supported", "estimate": 1.0},
        {"claim": "C4", "statement": "Four.", "verdict": "contradicted"},
    ]
    write(results[1], "claims", claims)
    pairs = differences(*results).claims
    assert [pair.claim for pair in pairs] == ["C3", "C4", "C2", "C1"]
    assert pairs[0].verdicts == ("not testable", "supported")
    assert pairs[1].verdicts == ("", "contradicted")
    assert pairs[2].estimates == ("5.0 [4.0, 6.0]", "4.0 [4.0, 6.0]")
    assert pairs[2].relative == pytest.approx(0.2)
    assert not pairs[3].differs


def test_claims_of_one_id_are_told_apart(results):
    def c5(experiment, statement, estimate):
        return {"experiment": experiment, "claim": "C5", "statement": statement,
                "verdict": "supported", "estimate": estimate}  # fmt: skip

    write(results[0], "claims", [c5("a", "One.", 1.0), c5("a", "Two.", 2.0), c5("b", "New.", 3.0)])
    write(results[1], "claims", [c5("b", "Old.", 3.0), c5("a", "Two.", 2.0), c5("a", "One.", 4.0)])
    pairs = differences(*results).claims
    # a claim that is alone with its id in its experiment may be reworded
    assert [pair.statement for pair in pairs] == ["One.", "Two.", "New."]
    assert [pair.differs for pair in pairs] == [True, False, False]
    assert pairs[0].relative == pytest.approx(0.75)


def test_the_text_has_the_largest_and_the_page_has_all(results, tmp_path):
    experiments = CONFIG["experiments"]
    other = [experiments[0] | {f"key{i:02}": "<i>" for i in range(30)}, experiments[1]]
    (results[1] / "config.yaml").write_text(yaml.safe_dump(CONFIG | {"experiments": other}))
    write(results[1], "runs", [RUNS[0] | {"train_loss": 0.25}])
    write(results[1], "claims", [CLAIMS[0] | {"verdict": "contradicted"}, *CLAIMS[1:]])
    write(results[1], "history", [])
    found = differences(*results)
    text = in_words(found).splitlines()
    assert "Config: 30 keys differ" in text
    assert "  and 22 more" in text
    assert "Claims: 1 of 3 verdicts differ" in text
    assert any(
        line.startswith("  C1: supported; 2.00 [1.50, 2.70] | contradicted; 2.00") for line in text
    )
    assert not any(line.startswith("  C2") for line in text)
    assert "  rows of runs: 1 | 0" in text
    assert "  tables: nothing | history" in text
    assert any(
        line.startswith("  runs.train_loss: 0.5 | 0.25 (up to 50 %, 0.25; 1 of 1 row;")
        for line in text
    )
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        differences_page(found, page)
    html = pages[0].read_text()
    assert html == pages[1].read_text()
    assert "experiments[a].key29" in html
    assert "One &lt;b&gt;." in html
    assert "<i>" not in html


def test_columns_that_an_older_study_lacks_are_named(results):
    file = results[0] / "tables/runs.csv"
    pd.read_csv(file).drop(columns=["weight_norm"]).to_csv(file, index=False)
    assert "  columns of runs: nothing | weight_norm" in in_words(differences(*results))


@pytest.mark.parametrize("lost", ["config.yaml", "tables/claims.csv"])
def test_a_folder_without_results_is_one_line(results, lost):
    (results[1] / lost).unlink()
    words = rf"there/results/s has no results of a study: there is no {lost}; allowed: a folder"
    with pytest.raises(UserError, match=words):
        differences(*results)


def test_studies_without_a_common_experiment_are_one_line(results):
    other = {"study": "s", "experiments": [{"name": "c"}]}
    (results[1] / "config.yaml").write_text(yaml.safe_dump(other))
    with pytest.raises(UserError, match=r"no experiment in common: .*/s has a, b; .*/s has c$"):
        differences(*results)


def test_the_same_folder_is_one_line(results):
    with pytest.raises(UserError, match=r"is the study's own folder; allowed: another one"):
        differences(results[0], results[0].parent / "../results/s")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.yaml", "{", "not YAML"),
        ("config.yaml", "- 1", "is no mapping"),
        ("runs/a/seed~0/train.json", "{", "cannot be read as the record of a job"),
        ("tables/runs.csv", "experiment\na", "its last line is cut off"),
    ],
)
def test_a_damaged_file_is_one_line(results, file, content, words):
    (results[1] / file).write_text(content)
    with pytest.raises(UserError, match=words) as error:
        differences(*results)
    assert "\n" not in str(error.value)
    assert str(results[1] / file) in str(error.value)


def test_results_that_were_moved_are_the_same(results, tmp_path):
    shutil.move(results[1], tmp_path / "moved")
    assert differences(results[0], tmp_path / "moved").none
