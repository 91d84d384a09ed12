"""Sharpness of networks."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.stages.sharpness_network import sharpness_network
from advscape.tables.rows import joined, write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    runs = zip(job.runs(), snakemake.input.weights, strict=True)
    rows = joined(sharpness_network(run, snakemake.input.dataset, file) for run, file in runs)
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
