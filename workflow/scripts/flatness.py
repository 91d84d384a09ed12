"""Read flatness numbers from the lines of the landscape."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.job import running
from advscape.landscape.flatness import flatness_table
from advscape.tables.collect import read_table
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    rows = flatness_table(read_table(snakemake.input.landscape), job.config)
    write_rows(rows, snakemake.output.rows)
