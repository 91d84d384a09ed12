"""An incomplete study: where jobs failed under --keep-going, the tables, claims, figures and the
report are made of the runs that are there.

Snakemake leaves out all that follows from a failed job. So this starts it once more, after the
failed start, for the aggregating rules alone and with the inputs that were made. Which were not,
the failed start knows; a file of an earlier setting that happens to lie there is not taken.
"""


rule missing:
    """Say which runs the tables lack, and why; none in a complete study."""
    output:
        files_of("missing"),
    log:
        "<logs>/missing.log",
    benchmark:
        "<benchmarks>/missing.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("missing.py"), config={"missing": MISSING["runs"]}),
    script:
        "../scripts/missing.py"


onerror:
    if (
        workflow.execution_settings.keep_going
        and not INCOMPLETE
        and not workflow.scheduler._user_kill
    ):
        summarise()
