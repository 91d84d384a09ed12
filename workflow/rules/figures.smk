"""Figures: expects the tables, makes a PNG for the report and a PDF for papers."""

for kind, figure in FIGURES.items():

    rule:
        """One kind of figure of an experiment."""
        name:
            f"figure_{kind}"
        input:
            [f"<results>/tables/{table}.csv" for table in figure.tables],
        output:
            png=report(
                f"<results>/figures/{kind}_{{experiment}}.png",
                caption=f"../report/{kind}.rst",
                category=figure.category,
                labels={"experiment": "{experiment}", "figure": kind},
            ),
            pdf=f"<results>/figures/{kind}_{{experiment}}.pdf",
        log:
            f"<logs>/figure_{kind}/{{experiment}}.log",
        benchmark:
            f"<benchmarks>/figure_{kind}/{{experiment}}.tsv"
        wildcard_constraints:
            experiment="|".join(n for n, e in EXPERIMENTS.items() if figure.of(e)) or "(?!)",
        localrule: True
        conda:
            ENVIRONMENT
        threads: 1
        params:
            spec=figure_spec(kind),
        script:
            f"../scripts/figure_{kind}.py"


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
