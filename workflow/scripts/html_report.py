"""Bind figures and claims into one page."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

import re
import subprocess

from advscape.atomic import replacing
from advscape.job import running

with running(snakemake.params.spec, snakemake.log[0]), replacing(snakemake.output[0]) as page:
    snakefile = Path(snakemake.log[0]).with_suffix(".smk")
    source = re.sub(r"workflow/(rules/../)?scripts", "Snakefile", snakemake.scriptdir)
    # as a module, which may have its results where another workflow wants them
    snakefile.write_text(f"""module advscape:
    snakefile: {source!r}
    config: config
    pathvars: results={str(Path(snakemake.output[0]).parent)!r}
use rule * from advscape""")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--configfile"]
    command += [snakemake.input.config, "--report", str(page), "--", snakemake.input.claims]
    with open(snakemake.log[0], "a", encoding="utf-8") as log:
        subprocess.run([*command, *snakemake.input.figures], check=True, stdout=log, stderr=log)
