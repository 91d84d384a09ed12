"""Hessians of one seed of a linear experiment."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.curvature_linear import curvature_linear
from advscape.stages.job import running
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    rows = curvature_linear(job, snakemake.input.dataset, snakemake.input.weights)
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
