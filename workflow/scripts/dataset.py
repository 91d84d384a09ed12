"""Read a dataset and write it as one .npz of plain arrays."""

import advscape.machine.quick_imports  # noqa: F401
from advscape.data.digest import check_content
from advscape.data.root import data_root
from advscape.data.sources import load_source
from advscape.stages.job import running

with running(snakemake.params.spec, snakemake.log[0]) as job:
    root, may_download = data_root(snakemake.config.get("data_root"))
    name, path = job.config["name"], job.config["path"]
    data = load_source(name, path, root, may_download, job.config["options"])
    check_content(job.config["content"], name, path, root)
    data.save(snakemake.output.arrays)
    job.write_provenance(snakemake.output.provenance)
