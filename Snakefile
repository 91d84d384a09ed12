"""advscape: dataset -> train -> evaluate, curvature, landscape, sharpness -> tables -> claims
-> figures -> report.
"""

from snakemake.utils import min_version

min_version("9.19.0")


include: "workflow/rules/config.smk"
include: "workflow/rules/common.smk"


pathvars:
    results=RESULTS,
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",
    linear_run=LINEAR_RUN,
    network_run=NETWORK_RUN,
    measured_runs=MEASURED_RUNS,


include: "workflow/rules/dataset.smk"
include: "workflow/rules/trial.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/curvature.smk"
include: "workflow/rules/landscape.smk"
include: "workflow/rules/sharpness.smk"
include: "workflow/rules/strength.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/scheduling.smk"
include: "workflow/rules/incomplete.smk"


report: "workflow/report/study.rst"


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    cell=r"[^/]+~[^/]+",
    seed=r"\d+",
    seeds=r"\d+(\+\d+)*",
    part=r"\d+",
    table="|".join(PLAN.tables),


rule all:
    """The study's tables, claims, figures and report."""
    input:
        "<results>/report.html",
        PLAN.table_files,
        "<results>/provenance.html",
