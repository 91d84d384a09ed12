"""What the repository promises about itself: pins, schema, scripts, layering."""

import re
import tomllib

import pytest
import yaml
from docutils.core import publish_doctree

from tests.conftest import ROOT

LOCK = (ROOT / "requirements.lock").read_text()


def locked(python="3.11"):
    """Versions of the lock for one Python."""
    found = {}
    for name, pin, marker in re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; (.*?))? \\$", LOCK, re.M):
        if "python_full_version >= '3.12'" in marker and python == "3.11":
            continue
        found[name.lower()] = pin
    return found


def test_environment_yml_has_the_locks_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pins = dict(pin.split("==") for pin in environment["dependencies"][-1]["pip"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["networks"], *extras["workflow"]]
    wanted = {re.match(r"[\w.-]+", d)[0] for d in needed} - {"advscape"}
    assert set(pins) == wanted
    versions = locked()
    assert pins == {name: versions[name] for name in pins}


def test_lock_has_hashes_and_no_addresses():
    assert LOCK.count("--hash=sha256:") > 500
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK


def test_scripts_are_short_and_there_is_one_per_rule():
    rules = "".join(file.read_text() for file in (ROOT / "workflow/rules").glob("*.smk"))
    for script in (ROOT / "workflow/scripts").glob("*.py"):
        assert len(script.read_text().splitlines()) <= 25, script.name
        assert rules.count(f'"../scripts/{script.name}"') == 1, script.name


def test_every_rule_has_log_benchmark_threads_params_and_a_docstring():
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for block in re.split(r"^rule ", file.read_text(), flags=re.M)[1:]:
            name = block.split(":")[0]
            for part in ('"""', "log:", "threads:", "params:", "script:"):
                assert part in block, f"{name} lacks {part}"
            # what has no output is not measured: the benchmark would count as one
            assert ("benchmark:" in block) == ("output:" in block), name
            parameters = block.split("params:")[1].split("script:")[0]
            assert re.findall(r"^        (\w+)=", parameters, re.M) == ["spec"], name


#: what could run code from a file
UNPICKLING = (
    r"torch\.load\((?![^)]*weights_only=True)|pickle\.(loads?|Unpickler)|allow_pickle=True|joblib"
)


def test_no_pickles():
    for file in [*(ROOT / "pkg").rglob("*.py"), *(ROOT / "workflow").rglob("*.py")]:
        assert not re.search(UNPICKLING, file.read_text()), file


@pytest.mark.parametrize(
    "file", sorted((ROOT / "workflow/report").glob("*.rst")), ids=lambda file: file.stem
)
def test_captions_are_sound_restructured_text(file):
    text = re.sub(r"{{.*?}}", "name", file.read_text())
    publish_doctree(text, settings_overrides={"halt_level": 2, "report_level": 5})
