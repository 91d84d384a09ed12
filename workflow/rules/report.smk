"""The report: expects figures and claims, makes one HTML page with both."""


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
    """Bind figures and claims into one page with `snakemake --report`."""
    input:
        config="<results>/config.yaml",
        claims="<results>/claims.html",
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
        spec=canonical(code=code("html_report.py"), config={}),
    script:
        "../scripts/html_report.py"
