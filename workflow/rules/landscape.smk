"""Landscapes: expects weights, makes the rows of landscape.csv."""


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
        spec=linear_spec("landscape"),
    script:
        "../scripts/landscape_linear.py"


rule landscape_network:
    """The loss of one network along filter-normalised directions, attacked at every point."""
    input:
        dataset=dataset_file,
        weights="<network_run>/weights.safetensors",
    output:
        rows="<network_run>/landscape.csv",
        provenance="<network_run>/landscape.json",
    log:
        "<logs>/landscape/{experiment}/eps~{epsilon}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/landscape/{experiment}/eps~{epsilon}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        jobs_per_device=jobs_per_device_of,
        mem_mb=8000,
        runtime=240,
    params:
        spec=network_spec("landscape"),
    script:
        "../scripts/landscape_network.py"
