"""What YAML passes over in silence is refused with its line."""

import json

import pytest

from advscape.study.yaml_file import check_yaml
from tests.conftest import ROOT
from tests.refusals import refusal

BAD = {
    "a key twice": (
        "study: a\nx: 1\nstudy: b\n",
        "line 3: study stands twice in a mapping, first in",
    ),
    "inside a list": (
        "a:\n- b: 1\n  c: 2\n  b: 3\n",
        "line 4: b stands twice in a mapping, first in",
    ),
    "in a flow": ("a: {b: 1, b: 2}\n", "line 1: b stands twice"),
    "syntax": ("study: a\n  b: c: d\n", "line 2: not YAML: mapping values are not allowed"),
    "tab": ("study:\n\t- a\n", "line 2: not YAML: found character"),
    "open": ("a: [1, 2\n", "not YAML: "),
    "nothing": ("", "is empty; allowed: the keys study and experiments"),
    "a comment": ("# study: a\n", "is empty"),
    "a list": ("- study\n", "is no mapping; allowed"),
    "a word": ("study\n", "is no mapping"),
    "two documents": ("a: 1\n---\nb: 2\n", "not YAML: "),
    "an octal number": ("study: a\nseeds: [0, 010]\n", "line 2: got 010, which YAML reads in an"),
    "minutes": ("seeds: [1:30]\n", "line 1: got 1:30, which YAML reads in another base"),
    "a tag": ("study: !!python/object/apply:os.getcwd []\n", "line 1: not YAML: could not determ"),
    "a date that is none": ("study: 2024-13-01\n", "not YAML: month must be in 1..12"),
    "a list as a key": ("? [a]\n: 1\n", "line 1: not YAML: found unhashable key"),
    "control characters": ("a: \x07\n", "not YAML: "),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_one_line_with_the_file(tmp_path, text, words):
    file = tmp_path / "study.yaml"
    file.write_text(text)
    line = refusal(lambda: check_yaml(file))
    assert line.startswith(f"config: {file}")
    assert words in line


def test_other_files_are_named_too(tmp_path):
    assert "No such file" in refusal(lambda: check_yaml(tmp_path / "missing.yaml"))
    (tmp_path / "latin.yaml").write_bytes("study: caf\xe9\n".encode("latin-1"))
    assert "latin.yaml: not YAML" in refusal(lambda: check_yaml(tmp_path / "latin.yaml"))
    assert "directory" in refusal(lambda: check_yaml(tmp_path))


def test_what_is_right_passes(tmp_path):
    for path in [ROOT / "config.yaml", *(ROOT / "studies").glob("*.yaml")]:
        check_yaml(path)
    shared = "a: &x {b: 1}\nc: {<<: *x, b: 2}\nd: *x\n"
    numbers = "seeds: [0, 0.5, '010', -1, 0x10, 1_000, 1.0e-3]\n"
    for text in (shared, numbers, json.dumps({"study": "s"}), "\ufeffstudy: a\n"):
        (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
        check_yaml(tmp_path / "study.yaml")
