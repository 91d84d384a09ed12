"""Write which runs the tables lack."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.tables.missing import missing_table
from advscape.tables.parquet import write_table

with running(snakemake.params.spec, snakemake.log[0]) as job:
    write_table(missing_table(job.config["missing"]), *snakemake.output)
