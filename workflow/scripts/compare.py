"""Say what differs between this study's results and those in another folder."""

from pathlib import Path

import advscape.machine.quick_imports  # noqa: F401
from advscape.errors import UserError
from advscape.report.differences import differences
from advscape.report.differences_page import differences_page, in_words, page_name
from advscape.stages.job import running

with running(snakemake.params.spec, snakemake.log[0]) as job:
    against = job.config["against"]
    if against is None:
        raise UserError("give the other results: --config against=/path/to/results/<study>")
    results = Path(snakemake.log[0]).parents[1]  # the rule has no other file
    found = differences(results, against)
    page = results / page_name(against)
    differences_page(found, page)
    print(in_words(found), f"all of it: {page}", sep="\n", flush=True)
