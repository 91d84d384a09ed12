"""Tables: expects the rows of all jobs, makes one tidy CSV per table, and comparison.csv."""


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


rule comparison:
    """Robust accuracy, gap and sharpness of networks side by side, means over seeds."""
    input:
        "<results>/tables/robustness.csv",
        "<results>/tables/curvature.csv",
        "<results>/tables/sharpness.csv",
    output:
        "<results>/tables/comparison.csv",
    log:
        "<logs>/comparison.log",
    benchmark:
        "<benchmarks>/comparison.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("comparison.py"), config={}),
    script:
        "../scripts/comparison.py"
