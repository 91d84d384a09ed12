"""Claims: expects the tables, makes claims.csv with a verdict per claim, and the page that
also says which sanity checks failed.
"""


rule claims:
    """Decide every claim by the rule that the config fixed for it."""
    input:
        **{
            table: f"<results>/tables/{table}.csv"
            for table in {
                **dict.fromkeys(PLAN.claimed_tables()),
                **dict.fromkeys(("curvature", "sanity", "missing")),
            }
        },
        comparison="<results>/tables/comparison.csv" if PLAN.networks else [],
        trials=[file for file, _ in PLAN.tried()],
    output:
        table=files_of("claims"),
        page=report(
            "<results>/claims.html",
            caption="../report/claims.rst",
            category="Claims",
            labels={"what": "verdicts"},
        ),
    log:
        "<logs>/claims.log",
    benchmark:
        "<benchmarks>/claims.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(
            code=code("claims.py"),
            config={"claims": PLAN.claims(), "tried": [name for _, name in PLAN.tried()]},
        ),
    script:
        "../scripts/claims.py"
