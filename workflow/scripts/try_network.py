"""Try a network before the first is trained."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.stages.try_network import try_network

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    try_network(job, snakemake.input.dataset)
    job.write_provenance(snakemake.output.provenance)
