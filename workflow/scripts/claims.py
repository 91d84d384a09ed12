"""Decide every claim of the study."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.report.missing import missing_section
from advscape.report.notes import notes_section
from advscape.report.page import claims_page
from advscape.stages.job import running
from advscape.tables.claims import claims_table
from advscape.tables.collect import read_table
from advscape.tables.printed import write_summary

with running(snakemake.params.spec, snakemake.log[0]) as job:
    files = {name: path for name, path in snakemake.input.items() if name != "trials" and path}
    tables = {name: read_table(path) for name, path in files.items()}
    claims = claims_table(job.config["claims"], tables)
    write_summary(claims, *snakemake.output.table)
    tried = zip(job.config["tried"], snakemake.input.trials, strict=True)
    notes = missing_section(tables["missing"]) + notes_section(tried)
    claims_page(claims, tables, notes, snakemake.output.page)
