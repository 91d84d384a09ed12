"""What every start of Snakemake has to wait for."""

import subprocess
import sys

from tests.conftest import ROOT

PARSE = """
import sys
from snakemake.cli import main
try:
    main(["--snakefile", sys.argv[1], "--configfile", sys.argv[2], "--dry-run", "--quiet", "all"])
except SystemExit as end:
    assert end.code == 0, end.code
heavy = {"torch", "torchvision", "scipy", "sklearn", "matplotlib", "seaborn"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_plan_loads_no_torch(tmp_path):
    arguments = [str(ROOT / "Snakefile"), str(ROOT / "config.yaml")]
    done = subprocess.run(
        [sys.executable, "-c", PARSE, *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
