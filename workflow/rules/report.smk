"""The report: expects the tables, the claims and the figures, makes one page of them, and a page of
Snakemake's own that says how the figures were made.
"""


rule study_config:
    """Write the study's config beside its results, every default filled in."""
    output:
        "<results>/config.yaml",
    log:
        "<logs>/study_config.log",
    benchmark:
        "<benchmarks>/study_config.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("study_config.py"), config=STUDY),
    script:
        "../scripts/study_config.py"


rule html_report:
    """Write the report: one page with claims, figures, tables and all that is to be known."""
    input:
        **{table: f"<results>/tables/{table}.csv" for table in shown_tables(PLAN)},
        config="<results>/config.yaml",
        trials=[file for file, _ in PLAN.tried()],
        figures=PLAN.figures(),
    output:
        "<results>/report.html",
    log:
        "<logs>/html_report.log",
    benchmark:
        "<benchmarks>/html_report.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(
            code=code("html_report.py"),
            config={**outline(PLAN), "captions": CAPTIONS, "citation": CITATION},
        ),
    script:
        "../scripts/html_report.py"


rule provenance:
    """Bind the figures into Snakemake's own page, with the rules and the code that made them."""
    input:
        config="<results>/config.yaml",
        figures=PLAN.figures(),
    output:
        "<results>/provenance.html",
    log:
        "<logs>/provenance.log",
    benchmark:
        "<benchmarks>/provenance.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("provenance.py"), config={}),
    script:
        "../scripts/provenance.py"
