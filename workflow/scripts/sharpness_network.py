"""Sharpness of one network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.job import running
from advscape.sharpness.network import sharpness_network
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0], snakemake.resources) as job:
    rows = sharpness_network(job, snakemake.input.dataset, snakemake.input.weights)
    write_rows(rows, snakemake.output.rows)
    job.write_provenance(snakemake.output.provenance)
