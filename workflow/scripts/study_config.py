"""Write the checked config, every default filled in."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

import yaml

from advscape.machine.atomic import write_text
from advscape.stages.job import running

with running(snakemake.params.spec, snakemake.log[0]) as job:
    write_text(snakemake.output[0], yaml.safe_dump(job.config, sort_keys=False))
