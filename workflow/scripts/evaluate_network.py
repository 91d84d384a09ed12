"""Loss and accuracy of networks."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.evaluate_network import evaluate_network
from advscape.stages.job import running
from advscape.tables.rows import joined, write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    runs = zip(job.runs(), snakemake.input.weights, strict=True)
    found = [evaluate_network(run, snakemake.input.dataset, file) for run, file in runs]
    rows, checks = map(joined, zip(*found, strict=True))
    write_rows(rows, snakemake.output.rows)
    write_rows(checks, snakemake.output.sanity)
    job.write_provenance(snakemake.output.provenance)
