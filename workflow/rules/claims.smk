"""Claims: expects the tables, makes claims.csv with a verdict per claim."""


rule claims:
    """Decide every claim by the rule that the config fixed for it."""
    input:
        runs="<results>/tables/runs.csv",
        curvature="<results>/tables/curvature.csv",
        landscape="<results>/tables/landscape.csv",
        finite_scale="<results>/tables/finite_scale.csv" if PLAN.networks else [],
    output:
        "<results>/tables/claims.csv",
    log:
        "<logs>/claims.log",
    benchmark:
        "<benchmarks>/claims.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("claims.py"), config={"claims": PLAN.claims()}),
    script:
        "../scripts/claims.py"
