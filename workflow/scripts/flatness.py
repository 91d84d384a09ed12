"""Read flatness numbers from the lines of the landscape."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.tables.collect import read_table
from advscape.tables.flatness import agreement_table, flatness_table
from advscape.tables.parquet import write_table
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    landscape = read_table(snakemake.input.landscape)
    write_table(flatness_table(landscape, job.config), *snakemake.output.rows)
    write_rows(agreement_table(landscape, job.config), snakemake.output.checks)
