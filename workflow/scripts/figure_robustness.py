"""Draw an experiment's accuracy and gap."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.figures.robustness import robustness_figure
from advscape.figures.style import save
from advscape.stages.job import running
from advscape.tables.collect import read_experiment

with running(snakemake.params.spec, snakemake.log[0]) as job:
    tables = [read_experiment(path, job.config["experiment"]) for path in snakemake.input]
    figure = robustness_figure(*tables, job.config["title"], job.config["norm"])
    save(figure, snakemake.output)
