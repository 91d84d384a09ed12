"""Hessians of one network's losses."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.curvature.network import curvature_network
from advscape.job import running
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0], snakemake.resources) as job:
    tables = curvature_network(
        job, snakemake.input.dataset, snakemake.input.weights, snakemake.output.eigenvectors
    )
    for table, rows in tables.items():
        write_rows(rows, snakemake.output[table])
    job.write_provenance(snakemake.output.provenance)
