"""Imported by the process that tests fork others from: what each of these would load again."""

import gc
import importlib
from pathlib import Path

from advscape.study.fingerprint import PACKAGE, fingerprint

for module in (
    "advscape.study.load",
    "advscape.study.spec",
    "nbformat",
    "pandas",
    "smart_open",
    "snakemake.cli",
    "snakemake.executors.dryrun",
    "snakemake.executors.touch",
    "snakemake.profiles",
    "snakemake.report.html_reporter",
    "snakemake.storage",
    "tests.training.runs",
):
    importlib.import_module(module)

# looks through all that is installed for plugins
importlib.import_module("snakemake.cli").get_argument_parser()
scripts = Path(__file__).resolve().parents[1] / "workflow/scripts"
for file in (*PACKAGE.rglob("*.py"), *scripts.glob("*.py")):
    fingerprint(file)
# never collected, so that the processes share this memory as it is
gc.freeze()
