"""Claims: expects the tables, makes claims.csv with a verdict per claim."""


rule claims:
    """Decide every claim by the rule that the config fixed for it."""
    input:
        runs=RESULTS + "/tables/runs.csv",
        curvature=RESULTS + "/tables/curvature.csv",
        landscape=RESULTS + "/tables/landscape.csv",
    output:
        table=RESULTS + "/tables/claims.csv",
        page=report(
            RESULTS + "/claims.html",
            caption="../report/claims.rst",
            category="Claims",
            labels={"what": "verdicts"},
        ),
    log:
        LOGS + "/claims.log",
    benchmark:
        BENCHMARKS + "/claims.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("claims.py"), config={"claims": claim_list()}),
    script:
        "../scripts/claims.py"
