"""Write which runs the tables lack."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.stages.job import running
from advscape.tables.missing import missing_table
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    write_rows(missing_table(job.config["missing"]), snakemake.output[0])
