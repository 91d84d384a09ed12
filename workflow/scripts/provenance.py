"""Let Snakemake say which rule made which figure, in one page."""

import subprocess
import sys
from pathlib import Path

import advscape.machine.quick_imports  # noqa: F401
from advscape.machine.atomic import replacing
from advscape.stages.job import running

with running(snakemake.params.spec, snakemake.log[0]), replacing(snakemake.output[0]) as page:
    command = [sys.executable, "-m", "snakemake", "--report", str(page)]
    # not always the main Snakefile: another workflow may use this one, its results elsewhere
    command += ["--snakefile", f"{snakemake.scriptdir}/../report/Snakefile"]
    command += ["--config", f"results={Path(snakemake.output[0]).parent}"]
    command += ["--configfile", snakemake.input.config, "--", *snakemake.input.figures]
    with open(snakemake.log[0], "a", encoding="utf-8") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log)
