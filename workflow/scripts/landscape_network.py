"""Landscapes of one network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.job import running
from advscape.landscape.network import Files, landscape_network
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0], snakemake.resources) as job:
    files = Files(
        snakemake.input.weights, snakemake.input.get("best"), snakemake.input.get("eigenvectors")
    )
    rows = Path(snakemake.output.rows)
    store = rows.with_name(f".{rows.stem}.jsonl")
    write_rows(landscape_network(job, snakemake.input.dataset, files, store), rows)
    job.write_provenance(snakemake.output.provenance)
    store.unlink()
