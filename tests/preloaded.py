"""Imported by the process that tests fork others from: what each of these would load again."""

import importlib
from pathlib import Path

from advscape.study.fingerprint import fingerprint

for module in (
    "advscape.study.load",
    "advscape.study.spec",
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

for script in (Path(__file__).resolve().parents[1] / "workflow/scripts").glob("*.py"):
    fingerprint(script)
