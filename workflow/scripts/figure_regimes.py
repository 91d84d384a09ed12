"""Draw sharpness against weight decay and stopping time."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.figures.regimes import regimes_figure
from advscape.figures.style import save
from advscape.stages.job import running
from advscape.tables.collect import read_table

with running(snakemake.params.spec, snakemake.log[0]):
    figure = regimes_figure(*map(read_table, snakemake.input))
    save(figure, snakemake.output)
