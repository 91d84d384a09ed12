"""Landscapes of networks."""

from itertools import repeat, starmap
from pathlib import Path

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.stages.landscape_network import Files, landscape_network
from advscape.tables.rows import joined, write_rows

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    given, rows = snakemake.input, Path(snakemake.output.rows)
    stores = [rows.with_name(f".{rows.stem}-seed~{seed}.jsonl") for seed in job.cell["seeds"]]
    parts = zip(given.weights, given.get("best", repeat(None)), repeat(given.get("eigenvectors")))
    runs = zip(job.runs(), starmap(Files, parts), stores, strict=True)
    found = [landscape_network(run, given.dataset, file, store) for run, file, store in runs]
    write_rows(joined(found), rows)
    job.write_provenance(snakemake.output.provenance)
    for store in stores:
        store.unlink()
