"""Tables: expects the rows of all jobs, makes one tidy table of each kind, and comparison.csv; as
CSV, and in the other formats of a table what that says.
"""


rule table:
    """Put the rows of all runs under one header."""
    input:
        fragments,
    output:
        files_of("{table}"),
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
        files_of("comparison"),
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
