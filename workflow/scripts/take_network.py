"""Take a network that is already trained."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.stages.take_network import take_network
from advscape.tables.rows import write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    rows = take_network(job, snakemake.input.dataset, snakemake.output.weights)
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
