"""Write which runs the tables lack."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.tables.missing import missing_table
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    write_rows(missing_table(job.config["missing"]), snakemake.output[0])
