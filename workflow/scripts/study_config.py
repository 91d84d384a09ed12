"""Write the checked config, every default filled in."""

import yaml

import advscape.machine.quick_imports  # noqa: F401
from advscape.machine.atomic import write_text
from advscape.stages.job import running

with running(snakemake.params.spec, snakemake.log[0]) as job:
    write_text(snakemake.output[0], yaml.safe_dump(job.config, sort_keys=False))
