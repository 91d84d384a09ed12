"""Put trainings, or networks, side by side."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.tables.collect import read_table
from advscape.tables.comparison import comparison_table
from advscape.tables.printed import write_summary

with running(snakemake.params.spec, snakemake.log[0]):
    tables = [read_table(file) for file in snakemake.input]
    write_summary(comparison_table(*tables), *snakemake.output)
