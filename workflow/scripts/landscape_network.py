"""Landscapes of networks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.job import running
from advscape.landscape.network import Files, landscape_network
from advscape.tables.rows import joined, write_rows

with running(snakemake.params.spec, snakemake.log[0], snakemake.resources) as job:
    inputs, rows = snakemake.input, Path(snakemake.output.rows)
    seeds, best = job.cell["seeds"], inputs.get("best")
    stores = [rows.with_name(f".{rows.stem}-seed~{seed}.jsonl") for seed in seeds]
    files = [
        Files(weights, best and best[i], inputs.get("eigenvectors"))
        for i, weights in enumerate(inputs.weights)
    ]
    runs = zip(job.runs(), files, stores, strict=True)
    found = [landscape_network(run, inputs.dataset, file, store) for run, file, store in runs]
    write_rows(joined(found), rows)
    job.write_provenance(snakemake.output.provenance)
    for store in stores:
        store.unlink()
