"""Put the rows of all jobs under one header."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.stages.job import running
from advscape.tables.collect import collect
from advscape.tables.rows import write_rows

with running(snakemake.params.spec, snakemake.log[0]) as job:
    rows = collect(job.config["table"], job.config["sources"], snakemake.input)
    write_rows(rows, snakemake.output[0])
