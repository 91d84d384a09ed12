"""Draw an experiment's landscapes."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.figures.landscape import landscape_figure
from advscape.figures.style import save
from advscape.stages.job import running
from advscape.tables.collect import read_experiment

with running(snakemake.params.spec, snakemake.log[0]) as job:
    tables = [read_experiment(path, job.config["experiment"]) for path in snakemake.input]
    figure = landscape_figure(*tables, job.config["title"], job.config["network"])
    save(figure, snakemake.output)
