"""Tables: expects the rows of all jobs, makes one tidy CSV per table."""


rule table:
    """Put the rows of all runs under one header."""
    input:
        fragments,
    output:
        "<results>/tables/{table}.csv",
    log:
        "<logs>/table/{table}.log",
    benchmark:
        "<benchmarks>/table/{table}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=PARAMETERS.table(),
    script:
        "../scripts/table.py"
