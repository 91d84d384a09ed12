"""Figures: expects the tables, makes a PNG for the report and a PDF for papers."""


rule figure_curvature:
    """Largest Hessian eigenvalue and trace against epsilon."""
    input:
        curvature=RESULTS + "/tables/curvature.csv",
        runs=RESULTS + "/tables/runs.csv",
    output:
        png=report(
            RESULTS + "/figures/curvature_{experiment}.png",
            caption="../report/curvature.rst",
            category="Curvature",
            labels={"experiment": "{experiment}", "figure": "curvature"},
        ),
        pdf=RESULTS + "/figures/curvature_{experiment}.pdf",
    log:
        LOGS + "/figure_curvature/{experiment}.log",
    benchmark:
        BENCHMARKS + "/figure_curvature/{experiment}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=figure_spec("curvature"),
    script:
        "../scripts/figure_curvature.py"


rule figure_landscape:
    """The training loss along filter-normalised directions, overlaid by epsilon."""
    input:
        landscape=RESULTS + "/tables/landscape.csv",
    output:
        png=report(
            RESULTS + "/figures/landscape_{experiment}.png",
            caption="../report/landscape.rst",
            category="Landscapes",
            labels={"experiment": "{experiment}", "figure": "landscape"},
        ),
        pdf=RESULTS + "/figures/landscape_{experiment}.pdf",
    log:
        LOGS + "/figure_landscape/{experiment}.log",
    benchmark:
        BENCHMARKS + "/figure_landscape/{experiment}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=figure_spec("landscape"),
    script:
        "../scripts/figure_landscape.py"


rule figure_robustness:
    """Accuracy and the robust generalization gap against epsilon."""
    input:
        robustness=RESULTS + "/tables/robustness.csv",
    output:
        png=report(
            RESULTS + "/figures/robustness_{experiment}.png",
            caption="../report/robustness.rst",
            category="Robustness",
            labels={"experiment": "{experiment}", "figure": "robustness"},
        ),
        pdf=RESULTS + "/figures/robustness_{experiment}.pdf",
    log:
        LOGS + "/figure_robustness/{experiment}.log",
    benchmark:
        BENCHMARKS + "/figure_robustness/{experiment}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=figure_spec("robustness"),
    script:
        "../scripts/figure_robustness.py"
