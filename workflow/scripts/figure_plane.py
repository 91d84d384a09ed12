"""Draw an experiment's 2-D landscapes."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.figures.plane import plane_figure
from advscape.figures.style import save
from advscape.stages.job import running
from advscape.tables.collect import read_experiment

with running(snakemake.params.spec, snakemake.log[0]) as job:
    landscape = read_experiment(snakemake.input.landscape, job.config["experiment"])
    save(plane_figure(landscape, job.config["title"]), snakemake.output)
