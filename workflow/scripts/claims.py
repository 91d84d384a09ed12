"""Decide every claim of the study."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.stages.job import running
from advscape.tables.claims import claims_table
from advscape.tables.collect import read_table
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    names = ("runs", "curvature", "landscape", "finite_scale")
    tables = {name: read_table(path) for name in names if (path := snakemake.input[name])}
    write_rows(claims_table(job.config["claims"], tables), snakemake.output[0])
