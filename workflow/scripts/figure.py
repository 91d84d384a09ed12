"""Draw a figure from the tables."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.figures.draw import draw
from advscape.stages.job import running

with running(snakemake.params.spec, snakemake.log[0]) as job:
    draw(**job.config, tables=snakemake.input, outputs=snakemake.output)
