"""Loss and accuracy of one network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.evaluation.network import evaluate_network
from advscape.job import running
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0], snakemake.resources) as job:
    files = snakemake.input
    rows, checks = evaluate_network(job, files.dataset, files.weights, files.best)
    write_rows(rows, snakemake.output.rows)
    write_rows(checks, snakemake.output.sanity)
    job.write_provenance(snakemake.output.provenance)
