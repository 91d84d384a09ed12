"""Sharpness: expects weights of networks, makes the rows of sharpness.csv."""


rule sharpness_network:
    """How much the loss of networks of one epsilon rises when their weights are moved."""
    input:
        dataset=dataset_file,
        weights=WEIGHTS,
    output:
        rows="<measured_runs>/sharpness.csv",
        provenance="<measured_runs>/sharpness.json",
    log:
        "<logs>/sharpness/{experiment}/{cell}/seed~{seeds}.log",
    benchmark:
        "<benchmarks>/sharpness/{experiment}/{cell}/seed~{seeds}.tsv"
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
        spec=PARAMETERS.network("sharpness"),
    script:
        "../scripts/sharpness_network.py"
