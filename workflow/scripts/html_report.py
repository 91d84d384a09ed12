"""Write the report: one page with claims, figures and tables."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.report.page import write_report
from advscape.stages.job import running
from advscape.tables.collect import read_table

with running(snakemake.params.spec, snakemake.log[0]) as job:
    tables = {name: read_table(snakemake.input[name]) for name in job.config["shown"]}
    write_report(job.config, tables, snakemake.input.trials, snakemake.output[0])
