"""Tables: expects the rows of all jobs, makes one tidy CSV per table."""


rule table:
    """Put the rows of all runs under one header."""
    input:
        fragments,
    output:
        RESULTS + "/tables/{table}.csv",
    log:
        LOGS + "/table/{table}.log",
    benchmark:
        BENCHMARKS + "/table/{table}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=lambda wildcards, fixed=code("table.py"): canonical(
            code=fixed, config={"table": wildcards.table, "sources": sources()}
        ),
    script:
        "../scripts/table.py"
