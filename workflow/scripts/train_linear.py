"""Solve all cells of one seed of a linear experiment."""

from pathlib import Path

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.stages.train_linear import train_linear
from advscape.tables.rows import write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    weights = Path(snakemake.output.weights)
    rows = train_linear(job, snakemake.input.dataset, weights, weights.parent / ".cells")
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
