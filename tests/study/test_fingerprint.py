"""What changes a fingerprint and what does not, on a copy of the library."""

import shutil

import pytest

from advscape.study import fingerprint as module
from tests.conftest import ROOT

SCRIPT = ROOT / "workflow/scripts/train_network.py"


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A copy of the library that fingerprints are taken of."""
    package = tmp_path / "advscape"
    shutil.copytree(ROOT / "pkg/advscape", package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "PACKAGE", package)
    return package


def taken():
    module._read.cache_clear()
    return module.fingerprint(SCRIPT)


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_comment_docstring_and_layout_change_nothing(library):
    before = taken()
    file = library / "attacks/pgd.py"
    edit(file, '"""Attack one batch.', '"""Attack a batch, and say it otherwise.')
    edit(file, "        size = self", "        # a comment\n\n        size = (\n            self")
    edit(file, "/ self.steps\n", "/ self.steps\n        )\n")
    assert taken() == before


def test_code_changes_it(library):
    before = taken()
    edit(library / "attacks/pgd.py", "relative_step: float = 2.5", "relative_step: float = 2.4")
    assert taken() != before


def test_indirect_import_changes_it(library):
    before = taken()
    edit(library / "threat.py", "clamp(0, 1)", "clamp(0, 2)")
    assert taken() != before


@pytest.mark.parametrize(
    "other",
    ["landscape/scan.py", "curvature/lanczos.py", "linear/solve.py", "study/config/study.py"],
)
def test_modules_of_other_stages_do_not(library, other):
    before = taken()
    (library / other).write_text("x = 1\n")
    assert taken() == before


def test_templates_of_a_package_count_with_its_modules(library):
    taken_at = [taken()]
    template = library / "attacks/templates/part/list.html"
    template.parent.mkdir(parents=True)
    for text in ("<ul>", "<ol>"):
        template.write_text(text)
        taken_at.append(taken())
    template.rename(template.with_name("lines.html"))
    taken_at.append(taken())
    assert len(set(taken_at)) == 4
    (template.parent / ".list.html.swp").write_text("an editor's")
    assert taken() == taken_at[-1]


def test_templates_of_other_packages_do_not(library):
    before = taken()
    (library / "sharpness/templates").mkdir()
    (library / "sharpness/templates/list.html").write_text("<ul>")
    assert taken() == before


def test_templates_beside_code_of_others_do_not(library, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("x = 1\n")
    before = module.fingerprint(script)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/list.html").write_text("<ul>")
    module._read.cache_clear()
    assert module.fingerprint(script) == before


def test_linear_stages_never_load_torch():
    for script in sorted((ROOT / "workflow/scripts").glob("*_linear.py")):
        found = {}
        module._collect(script, found)
        for name in found:
            file = module.PACKAGE / name if (module.PACKAGE / name).is_file() else script
            assert "import torch" not in file.read_text(), f"{script.name} reaches {name}"


def test_known_value_holds_on_every_python(tmp_path):
    script = tmp_path / "script.py"
    script.write_text('"""Doc."""\n\ndef f(x: int, *y, z=1) -> str:\n    return f"{x!r:>{z}}"\n')
    assert module.fingerprint(script) == "b9c8b5bb5b56fa57"
