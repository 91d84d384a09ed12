"""Figures: expects the tables, makes a PNG for the report and a PDF for papers."""


rule figure_curvature:
    """Largest Hessian eigenvalue and trace against epsilon."""
    input:
        curvature="<results>/tables/curvature.csv",
        runs="<results>/tables/runs.csv",
    output:
        png=report(
            "<results>/figures/curvature_{experiment}.png",
            caption="../report/curvature.rst",
            category="Curvature",
            labels={"experiment": "{experiment}", "figure": "curvature"},
        ),
        pdf="<results>/figures/curvature_{experiment}.pdf",
    log:
        "<logs>/figure_curvature/{experiment}.log",
    benchmark:
        "<benchmarks>/figure_curvature/{experiment}.tsv"
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
        landscape="<results>/tables/landscape.csv",
    output:
        png=report(
            "<results>/figures/landscape_{experiment}.png",
            caption="../report/landscape.rst",
            category="Landscapes",
            labels={"experiment": "{experiment}", "figure": "landscape"},
        ),
        pdf="<results>/figures/landscape_{experiment}.pdf",
    log:
        "<logs>/figure_landscape/{experiment}.log",
    benchmark:
        "<benchmarks>/figure_landscape/{experiment}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=figure_spec("landscape"),
    script:
        "../scripts/figure_landscape.py"


rule figure_plane:
    """The loss over a plane in weight space, by epsilon on one colour scale."""
    input:
        landscape="<results>/tables/landscape.csv",
    output:
        png=report(
            "<results>/figures/plane_{experiment}.png",
            caption="../report/plane.rst",
            category="Landscapes",
            labels={"experiment": "{experiment}", "figure": "plane"},
        ),
        pdf="<results>/figures/plane_{experiment}.pdf",
    log:
        "<logs>/figure_plane/{experiment}.log",
    benchmark:
        "<benchmarks>/figure_plane/{experiment}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=figure_spec("plane"),
    script:
        "../scripts/figure_plane.py"


rule figure_robustness:
    """Accuracy and the robust generalization gap against epsilon."""
    input:
        robustness="<results>/tables/robustness.csv",
    output:
        png=report(
            "<results>/figures/robustness_{experiment}.png",
            caption="../report/robustness.rst",
            category="Robustness",
            labels={"experiment": "{experiment}", "figure": "robustness"},
        ),
        pdf="<results>/figures/robustness_{experiment}.pdf",
    log:
        "<logs>/figure_robustness/{experiment}.log",
    benchmark:
        "<benchmarks>/figure_robustness/{experiment}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=figure_spec("robustness"),
    script:
        "../scripts/figure_robustness.py"


rule figure_sharpness:
    """Every measure of sharpness against epsilon, in small multiples."""
    input:
        sharpness="<results>/tables/sharpness.csv",
    output:
        png=report(
            "<results>/figures/sharpness_{experiment}.png",
            caption="../report/sharpness.rst",
            category="Sharpness",
            labels={"experiment": "{experiment}", "figure": "sharpness"},
        ),
        pdf="<results>/figures/sharpness_{experiment}.pdf",
    log:
        "<logs>/figure_sharpness/{experiment}.log",
    benchmark:
        "<benchmarks>/figure_sharpness/{experiment}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=figure_spec("sharpness"),
    script:
        "../scripts/figure_sharpness.py"


rule figure_regimes:
    """Sharpness against weight decay and stopping time, over all linear experiments."""
    input:
        curvature="<results>/tables/curvature.csv",
        runs="<results>/tables/runs.csv",
    output:
        png=report(
            "<results>/figures/regimes.png",
            caption="../report/regimes.rst",
            category="Curvature",
            labels={"experiment": "all", "figure": "regimes"},
        ),
        pdf="<results>/figures/regimes.pdf",
    log:
        "<logs>/figure_regimes.log",
    benchmark:
        "<benchmarks>/figure_regimes.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("figure_regimes.py"), config={}),
    script:
        "../scripts/figure_regimes.py"


rule figure_theorem:
    """The theorem on one sample, drawn from the closed form."""
    output:
        png=report(
            "<results>/figures/theorem.png",
            caption="../report/theorem.rst",
            category="Curvature",
            labels={"experiment": "one sample", "figure": "theorem"},
        ),
        pdf="<results>/figures/theorem.pdf",
    log:
        "<logs>/figure_theorem.log",
    benchmark:
        "<benchmarks>/figure_theorem.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("figure_theorem.py"), config={}),
    script:
        "../scripts/figure_theorem.py"
