"""Sharpness of networks."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.stages.job import running
from advscape.stages.sharpness_network import sharpness_network
from advscape.tables.rows import joined, write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    runs = zip(job.runs(), snakemake.input.weights, strict=True)
    rows = joined(sharpness_network(run, snakemake.input.dataset, file) for run, file in runs)
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
