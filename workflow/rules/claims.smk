"""Claims: expects the tables, makes claims.csv with a verdict per claim."""


rule claims:
    """Decide every claim by the rule that the config fixed for it."""
    input:
        **{table: f"<results>/tables/{table}.csv" for table in PLAN.claimed_tables()},
    output:
        files_of("claims"),
    log:
        "<logs>/claims.log",
    benchmark:
        "<benchmarks>/claims.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("claims.py"), config={"claims": PLAN.claims}),
    script:
        "../scripts/claims.py"
