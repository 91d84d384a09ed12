"""Write the checked config, every default filled in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "pkg"))

from advscape.atomic import write_text
from advscape.job import running
from advscape.study.load import as_yaml

with running(snakemake.params.spec, snakemake.log[0]) as job:
    write_text(snakemake.output[0], as_yaml(job.config))
