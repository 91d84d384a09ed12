"""The documentation's pages do what they say: Python blocks run, studies load, commands exist."""

import re
from collections import Counter

import pytest
import yaml

from advscape.study.config.study import Study
from docs.hooks.blocks import BLOCK, REASONS, executed
from docs.hooks.config_reference import pages
from docs.hooks.config_table import filled
from docs.hooks.docstrings import in_markdown
from docs.hooks.links import PAGES, rewritten
from tests.conftest import ROOT

DOCUMENTS = {
    str(file.relative_to(ROOT / "docs").with_suffix("")): file.read_text(encoding="utf-8")
    for file in sorted(ROOT.glob("docs/**/*.md"))
}
#: blocks of shell by the reason why they are not run; None for those that are
NOT_RUN = {None: 10, "installs": 7, "cluster": 6, "container": 2, "minutes": 10, "yours": 5}


@pytest.mark.parametrize("name", [name for name, text in DOCUMENTS.items() if BLOCK.search(text)])
def test_every_block_runs(name):
    kept = {}
    page = name.rpartition("/")[2]
    text = executed(DOCUMENTS[name], page, lambda file, svg: kept.setdefault(file, svg) and file)
    assert all(svg.startswith(b"<?xml") and f"]({file})" in text for file, svg in kept.items())


def test_blocks_that_are_not_run_are_these():
    blocks = [block for text in DOCUMENTS.values() for block in BLOCK.finditer(text)]
    assert {block["reason"] for block in blocks if block["language"] != "sh"} == {None}
    assert Counter(block["reason"] for block in blocks if block["language"] == "sh") == NOT_RUN
    assert set(NOT_RUN) - {None} == set(REASONS)


def test_shell_blocks_share_a_copy_of_the_workflow_with_files_and_python():
    text = (
        '```yaml title="mine.yaml"\nstudy: mine\n```\n\n'
        "```sh\ncp mine.yaml studies/\n```\n\n"
        "```python\nfrom pathlib import Path\nprint(Path('studies/mine.yaml').read_text())\n```\n"
    )
    assert executed(text, "page", lambda *_: "") == text + "\n```text\nstudy: mine\n```\n"
    assert not (ROOT / "studies/mine.yaml").exists()


def test_a_shell_block_that_fails_names_its_line():
    with pytest.raises(RuntimeError, match=r"^page.md, line 3: exit code 3\nsaid"):
        executed("one\n\n```sh\necho said; exit 3 | cat\n```\n", "page", lambda *_: "")


def test_a_block_that_is_not_run_says_why():
    text = "<!-- not run: cluster -->\n```sh\nexit 3\n```\n"
    assert executed(text, "page", lambda *_: "") == "```sh\nexit 3\n```\n"
    with pytest.raises(ValueError, match="line 2: no time; allowed: installs, cluster, "):
        executed(text.replace("cluster", "no time"), "page", lambda *_: "")


def test_a_block_sees_those_before_it_and_shows_what_it_prints():
    text = "```python\na = 2\n```\n\ntext\n\n```python\nprint(a + 1)\n```\n"
    assert executed(text, "page", lambda *_: "") == text + "\n```text\n3\n```\n"


def test_a_block_that_fails_names_its_line():
    with pytest.raises(ZeroDivisionError) as error:
        executed("one\n\n```python\n1 / 0\n```\n", "page", lambda *_: "")
    last = error.traceback[-1]
    assert (last.frame.code.raw.co_filename, last.lineno + 1) == ("page.md", 4)


STUDIES = [
    (name, block["code"])
    for name, page in DOCUMENTS.items()
    for block in BLOCK.finditer(page)
    if block["language"] == "yaml" and block["code"].startswith("study:")
]


@pytest.mark.parametrize(("name", "text"), STUDIES, ids=[name for name, _ in STUDIES])
def test_every_whole_study_is_one(name, text):
    assert Study.model_validate(yaml.safe_load(text)).study


SHELL = "\n".join(
    block
    for page in DOCUMENTS.values()
    for block in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
)


def test_every_target_and_file_of_a_shell_block_is_there():
    makefile = (ROOT / "Makefile").read_text()
    targets, files = (
        re.findall(r"^make ([\w-]+)", SHELL, re.M),
        re.findall(r"(?<![\w/])(?:studies|profiles)/[\w./-]+", SHELL),
    )
    assert targets
    assert files
    assert [t for t in targets if not re.search(rf"^{t}:", makefile, re.M)] == []
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("file", [*PAGES, *(f"docs/{name}.md" for name in DOCUMENTS)])
def test_every_link_leads_to_a_file(file):
    _, linked = rewritten((ROOT / file).read_text(encoding="utf-8"), file)
    made = ("docs/reference/",)  # by docs/hooks/site.py
    assert [to for to in linked if not to.startswith(made) and not (ROOT / to).exists()] == []


def test_links_become_those_of_the_site():
    text = "[a](../CHANGELOG.md#b) [c](tables.md) [d](https://e.f) [g](../config.yaml)\n"
    found, linked = rewritten(text + "```\n[x](y)\n```\n", "docs/page.md")
    assert found.startswith(
        "[a](changelog.md#b) [c](tables.md) [d](https://e.f) [g](source/config.yaml.md)\n"
    )
    assert found.endswith("[x](y)\n```\n")
    assert linked == ["CHANGELOG.md", "docs/tables.md", "config.yaml"]


def test_the_reference_has_every_key_of_the_config():
    schema = Study.model_json_schema()
    text = "\n".join(pages(schema).values())
    for section in [schema, *schema["$defs"].values()]:
        for key, field in section.get("properties", {}).items():
            assert f"`{key}`" in text, key
            assert field["description"].replace("|", "\\|").replace("<", "&lt;") in text


def _dotted(value, at=""):
    """Keys of a config as its table writes them; what is below a key that takes any is its own."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield f"{at}{key}"
            if key not in ("options", "select") and not at.endswith("variants[]."):
                yield from _dotted(below, f"{at}{key}.")
    elif isinstance(value, list):
        for entry in value:
            yield from _dotted(entry, f"{at.removesuffix('.')}[].")


def test_the_table_of_parameters_is_that_of_the_code():
    text = (ROOT / "config/README.md").read_text(encoding="utf-8")
    assert filled(text) == text
    listed = set(re.findall(r"^\| `([\w.\[\]]+)` \|", text, re.M))
    study = yaml.safe_load((ROOT / "tests/workflow/every_key.yaml").read_text(encoding="utf-8"))
    assert set(_dotted(study)) - listed == set()


def test_formulas_of_docstrings_become_markdowns():
    text = "A.\n\n.. math::\n    a = b, \\\\\n    c\n\nwith :mod:`advscape.linear`.\n\nExample:\n"
    assert in_markdown(text) == (
        "A.\n\n$$\na = b, \\\\\nc\n$$\n\nwith `advscape.linear`.\n\nExamples:\n"
    )


def test_formulas_of_pages_become_mathml():
    from docs.hooks.site import on_page_content

    html = (
        '<p><span class="arithmatex">\\(a&lt;b\\)</span></p>\n<div class="arithmatex">\\[c\\]</div>'
    )
    inline, block = on_page_content(html).split("\n")
    assert 'display="inline"' in inline
    assert "<mo>&lt;" in inline or "<mo>&#x0003C;" in inline
    assert 'display="block"' in block
