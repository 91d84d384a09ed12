"""Solve all cells of one seed of a linear experiment."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.stages.job import running
from advscape.stages.train_linear import train_linear
from advscape.tables.rows import write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    weights = Path(snakemake.output.weights)
    rows = train_linear(job, snakemake.input.dataset, weights, weights.parent / ".cells")
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
