"""Hessians of networks' losses."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.curvature.eigenvectors import save_eigenvectors
from advscape.stages.curvature_network import TABLES, curvature_network
from advscape.stages.job import running
from advscape.tables.rows import joined, write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    runs = zip(job.runs(), snakemake.input.weights, strict=True)
    found = [curvature_network(run, snakemake.input.dataset, file) for run, file in runs]
    for name in TABLES:
        write_rows(joined(tables[name] for tables, _ in found), snakemake.output[name])
    vectors = dict(zip(job.cell["seeds"], (top for _, top in found), strict=True))
    save_eigenvectors(vectors, snakemake.output.eigenvectors)
    job.write_provenance(snakemake.output.provenance)
