"""Read flatness numbers from the lines of the landscape."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.stages.job import running
from advscape.tables.collect import read_table
from advscape.tables.flatness import agreement_table, flatness_table
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    landscape = read_table(snakemake.input.landscape)
    write_rows(flatness_table(landscape, job.config), snakemake.output.rows)
    write_rows(agreement_table(landscape, job.config), snakemake.output.checks)
