"""Figures: expects the tables, makes a PNG for the report, PDF and SVG for papers, and the
figure's data as CSV.

One rule for each figure of the library's catalogue, study/figures.py.
"""

for kind, figure in FIGURES.items():
    # of an experiment, or of the whole study
    one_each = figure.of == "experiment"
    place = f"{kind}_{{experiment}}" if one_each else kind
    record = f"figure_{kind}/{{experiment}}" if one_each else f"figure_{kind}"

    rule:
        name:
            f"figure_{kind}"
        input:
            **{table: f"<results>/tables/{table}.csv" for table in PLAN.tables_of(figure)},
        output:
            png=report(
                f"<results>/figures/{place}.png",
                caption=figure.caption or f"../report/{kind}.rst",
                category=figure.category,
                labels={"experiment": figure.label, "figure": kind},
            ),
            pdf=f"<results>/figures/{place}.pdf",
            svg=f"<results>/figures/{place}.svg",
            csv=f"<results>/figures/{place}.csv",
        log:
            f"<logs>/{record}.log",
        benchmark:
            f"<benchmarks>/{record}.tsv"
        wildcard_constraints:
            experiment=drawn_for(kind),
        localrule: True
        conda:
            ENVIRONMENT
        threads: 1
        params:
            spec=PARAMETERS.figure(kind),
        script:
            "../scripts/figure.py"
