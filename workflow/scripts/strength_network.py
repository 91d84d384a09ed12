"""How near a network's attack and ascents come to much longer ones."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.stages.strength_network import strength_network
from advscape.tables.rows import write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    rows = strength_network(job, snakemake.input.dataset, snakemake.input.weights)
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
