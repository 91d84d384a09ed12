"""What is handed out: one version, a wheel, a source distribution, a container's recipe."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement

import advscape
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_there_is_one_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", advscape.__version__)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == advscape.__version__
    released = re.findall(r"^## (\d\S*) - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert released[0] == (advscape.__version__, str(citation["date-released"]))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder with the wheel, unpacked, and both archives."""
    folder = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist"]
    subprocess.run([*build, "-d", folder], cwd=ROOT, capture_output=True, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "wheel")
    return folder


def test_the_wheel_is_the_library(built):
    wheel = built / "wheel"
    assert {place.name for place in wheel.iterdir()} == {
        "advscape",
        f"advscape-{advscape.__version__}.dist-info",
    }
    files = {file.relative_to(wheel) for file in (wheel / "advscape").rglob("*.*")}
    library = ROOT / "pkg"
    assert files == {
        file.relative_to(library)
        for file in (library / "advscape").rglob("*.*")
        if "__pycache__" not in file.parts
    }
    assert wheel.joinpath("advscape/py.typed").exists()


def test_the_wheel_alone_needs_what_the_estimator_needs(built):
    (metadata,) = built.glob("wheel/*.dist-info/METADATA")
    needed = [
        Requirement(text)
        for text in HeaderParser().parsestr(metadata.read_text()).get_all("Requires-Dist")
    ]
    assert {need.name for need in needed if need.marker is None} == {
        "numpy",
        "scipy",
        "scikit-learn",
    }


#: refuses to import what is named before it; then what a user of the estimator does
ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import numpy as np
import advscape

rng = np.random.default_rng(0)
X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
X[:, 0] += y
model = advscape.AdversarialLogisticRegression(epsilon=0.1).fit(X, y)
assert np.linalg.eigvalsh(model.hessian(X, y))[0] > 0
try:
    advscape.AdversarialLoss
except ModuleNotFoundError as error:
    print(advscape.__file__, error, sep="\\n")
"""


def test_the_estimator_runs_from_the_wheel_without_the_extras(built):
    """What only the extras name is kept from it."""
    extras = [
        Requirement(text).name.lower()
        for texts in PROJECT["optional-dependencies"].values()
        for text in texts
    ]
    absent = [
        module
        for module, names in packages_distributions().items()
        if {name.lower() for name in names} & set(extras) - {"advscape"}
    ]
    assert {"torch", "pandas", "yaml", "snakemake"} <= set(absent)
    done = subprocess.run(
        [sys.executable, "-c", f"absent = {absent}\n{ALONE}"],
        cwd=built / "wheel", env={"PYTHONPATH": "."}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    place, error = done.stdout.splitlines()
    assert place == str(built / "wheel/advscape/__init__.py")
    assert error == (
        "advscape.AdversarialLoss needs torch, which is not installed: "
        "in the clone, pip install '.[networks]'"
    )


def test_the_source_distribution_has_the_workflow(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    parts = ("Snakefile", "Makefile", "requirements.lock", "config.yaml", "pkg/advscape/py.typed")
    assert set(parts) <= set(names)
    for folder in ("workflow", "profiles", "studies", "docs", "tests"):
        assert any(name.startswith(f"{folder}/") for name in names), folder
    made = re.compile(r"\.([a-z-]*venv|snakemake|cache)/|site/|results/(?!README)|.*__pycache__")
    assert [name for name in names if made.match(name)] == []


def test_the_container_is_made_from_what_is_there():
    recipe = (ROOT / "Dockerfile").read_text()
    makefile = (ROOT / "Makefile").read_text()
    copied = [line.split()[1:-1] for line in recipe.splitlines() if line.startswith("COPY ")]
    assert all((ROOT / source).exists() for sources in copied for source in sources)
    targets = re.findall(r"make ([a-z-]+)$|\"make\", \"([a-z-]+)\"", recipe, re.M)
    assert ["".join(target) for target in targets] == ["env", "reproduce"]
    assert all(re.search(rf"^{env or run}:", makefile, re.M) for env, run in targets)
    (lowest,) = re.findall(r">=([\d.]+)", PROJECT["requires-python"])
    (python,) = re.findall(r"^FROM python:([\d.]+)-slim$", recipe, re.M)
    assert [int(part) for part in python.split(".")] >= [int(part) for part in lowest.split(".")]
    # Snakemake asks for the user's name and home, which docker run --user does not know
    (environment,) = re.findall("^ENV (.*)$", recipe, re.M)
    assert {"HOME", "USER"} <= {name.partition("=")[0] for name in environment.split()}


def test_the_container_gets_nothing_that_git_ignores():
    def entries(name):
        lines = (ROOT / name).read_text().splitlines()
        bare = {re.sub(r"^(!?)(\*\*)?/?", r"\1", line) for line in lines}
        return {line for line in bare if not line.startswith("#")}

    assert entries(".dockerignore") - entries(".gitignore") == {".git/"}
    assert entries(".gitignore") <= entries(".dockerignore")
