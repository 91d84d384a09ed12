"""Decide every claim of the study."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.tables.claims import claims_table
from advscape.tables.collect import read_table
from advscape.tables.printed import write_summary

with running(snakemake.params.spec, snakemake.log[0]) as job:
    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    write_summary(claims_table(job.config["claims"], tables), *snakemake.output)
