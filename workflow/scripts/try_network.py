"""Try a network before the first is trained."""

import gc
import sys
from pathlib import Path

gc.disable()  # imports are quicker; a running job has it on again
sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.stages.job import running
from advscape.stages.try_network import try_network

files = {"inputs": snakemake.input, "outputs": snakemake.output}
with running(snakemake.params.spec, snakemake.log[0], snakemake.resources, **files) as job:
    try_network(job, snakemake.input.dataset)
    job.write_provenance(snakemake.output.provenance)
