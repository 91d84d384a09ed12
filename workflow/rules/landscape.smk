"""Landscapes: expects weights, makes the rows of landscape.csv, and flatness.csv from them."""


rule landscape_linear:
    """The loss of one seed along filter-normalised directions, in closed form."""
    input:
        dataset=dataset_file,
        weights="<linear_run>/weights.safetensors",
    output:
        rows="<linear_run>/landscape.csv",
        provenance="<linear_run>/landscape.json",
    log:
        "<logs>/landscape/{experiment}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/landscape/{experiment}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=LINEAR,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=PARAMETERS.linear("landscape"),
    script:
        "../scripts/landscape_linear.py"


rule landscape_network:
    """Lines and planes through networks of one epsilon, or one job's share of their points; a
    killed job goes on at the next point.
    """
    input:
        unpack(directions_of),
        dataset=dataset_file,
        weights=WEIGHTS,
    output:
        rows="<measured_runs>/landscape/part~{part}.csv",
        provenance="<measured_runs>/landscape/part~{part}.json",
    log:
        "<logs>/landscape/{experiment}/{cell}/seed~{seeds}/part~{part}.log",
    benchmark:
        "<benchmarks>/landscape/{experiment}/{cell}/seed~{seeds}/part~{part}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        anew=anew("landscape_network"),
        gpu=gpu_of,
        jobs_per_device=jobs_per_device_of,
        mem_mb=8000,
        runtime=240,
    params:
        spec=PARAMETERS.network("landscape"),
    script:
        "../scripts/landscape_network.py"


rule flatness:
    """Rise, width and quadratic coefficient of every line; whether the Hessian agrees with it."""
    input:
        landscape="<results>/tables/landscape.csv",
    output:
        rows=files_of("flatness"),
        checks="<results>/runs/flatness_sanity.csv",
    log:
        "<logs>/flatness.log",
    benchmark:
        "<benchmarks>/flatness.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("flatness.py"), config=PLAN.flatness_settings()),
    script:
        "../scripts/flatness.py"
