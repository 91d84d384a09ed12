"""Draw the theorem on one sample."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.figures.style import save
from advscape.figures.theorem import theorem_figure
from advscape.stages.job import running

with running(snakemake.params.spec, snakemake.log[0]):
    save(theorem_figure(), snakemake.output)
