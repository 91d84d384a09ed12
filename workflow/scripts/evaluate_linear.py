"""Loss and accuracy of one seed of a linear experiment."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.evaluate_linear import evaluate_linear
from advscape.stages.job import running
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    rows, checks = evaluate_linear(job, snakemake.input.dataset, snakemake.input.weights)
    write_rows(rows, snakemake.output.rows)
    write_rows(checks, snakemake.output.sanity)
    job.write_provenance(snakemake.output.provenance)
