"""Put the rows of all jobs under one header."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.tables.collect import collect
from advscape.tables.parquet import write_table

with running(snakemake.params.spec, snakemake.log[0]) as job:
    rows = collect(job.config["table"], job.config["sources"], snakemake.input)
    write_table(rows, *snakemake.output)
