"""Train one network."""

from pathlib import Path

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.stages.train_network import train_network
from advscape.tables.rows import write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    weights = Path(snakemake.output.weights)
    checkpoint = weights.parent / ".checkpoint.safetensors"
    others = snakemake.output.best, checkpoint, snakemake.output.checkpoints
    rows, history = train_network(job, snakemake.input.dataset, weights, *others)
    write_rows(history, snakemake.output.history)
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
