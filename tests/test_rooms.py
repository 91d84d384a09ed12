"""The library's rooms: who may import whom. Stages are at the top: nothing else knows a job."""

import ast
import importlib

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "pkg/advscape"
#: from the ground up; a room imports from lower floors and from itself, rooms of one floor do not
#: know each other
FLOORS = (
    ("epsilon", "errors", "references", "seeds", "threat"),
    ("losses", "machine"),
    ("data",),
    ("linear", "models"),
    ("attacks",),
    ("evaluation",),
    ("curvature",),
    ("training", "landscape", "sharpness", "trial", "statistics"),
    ("interface", "study"),
    ("tables",),
    ("report", "figures"),
    ("stages",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(file for file in PACKAGE.rglob("*.py") if file.name != "__init__.py")


def imported(file):
    """Names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from names


def test_every_room_has_its_floor():
    others = {"__pycache__", "__init__.py", "py.typed"}
    rooms = {entry.stem for entry in PACKAGE.iterdir() if entry.name not in others}
    assert rooms == set(FLOOR)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_import_goes_up_or_across(file):
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imported(file):
        assert not name.startswith("snakemake"), f"{file} imports {name}"
        if name.startswith("advscape."):
            other = name.split(".")[1]
            assert other == room or FLOOR[other] < FLOOR[room], f"{room} imports {name}"


def test_every_rule_that_computes_has_its_stage_and_its_script():
    stages = {file.stem for file in (PACKAGE / "stages").glob("*_*.py")}
    scripts = {file.stem for file in (ROOT / "workflow/scripts").glob("*_network.py")}
    scripts |= {file.stem for file in (ROOT / "workflow/scripts").glob("*_linear.py")}
    assert scripts <= stages


def test_benchmarks_import_what_is_there():
    """They run by hand, so nothing else would notice a name that has moved."""
    for file in (ROOT / "benchmarks").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("advscape"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), file.name
