"""Imported by the process that all plans are forked from: what each of them would load again."""

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
):
    importlib.import_module(module)

for script in (Path(__file__).resolve().parents[2] / "workflow/scripts").glob("*.py"):
    fingerprint(script)
