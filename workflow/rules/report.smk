"""The report: expects figures and claims, makes one HTML page with both."""


rule study_config:
    """Write the study's config beside its results, every default filled in."""
    output:
        RESULTS + "/config.yaml",
    log:
        LOGS + "/study_config.log",
    benchmark:
        BENCHMARKS + "/study_config.tsv"
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
        config=RESULTS + "/config.yaml",
        claims=RESULTS + "/claims.html",
        figures=expand(
            RESULTS + "/figures/{kind}_{experiment}.png",
            kind=["curvature", "landscape", "robustness"],
            experiment=EXPERIMENTS,
        ),
    output:
        RESULTS + "/report.html",
    log:
        LOGS + "/html_report.log",
    benchmark:
        BENCHMARKS + "/html_report.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("html_report.py"), config={}),
    script:
        "../scripts/html_report.py"
