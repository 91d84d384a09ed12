"""Evaluation: expects weights, makes the rows of robustness.csv and sanity.csv."""


rule evaluate_linear:
    """Loss and accuracy of one seed, clean and under the optimal noise."""
    input:
        dataset=dataset_file,
        weights="<linear_run>/weights.safetensors",
    output:
        rows="<linear_run>/robustness.csv",
        sanity="<linear_run>/sanity.csv",
        provenance="<linear_run>/evaluate.json",
    log:
        "<logs>/evaluate/{experiment}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/evaluate/{experiment}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=LINEAR,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=PARAMETERS.linear("evaluate"),
    script:
        "../scripts/evaluate_linear.py"


rule evaluate_network:
    """Loss and accuracy of networks of one epsilon, clean and under attacks."""
    input:
        dataset=dataset_file,
        weights=WEIGHTS,
    output:
        rows="<measured_runs>/robustness.csv",
        sanity="<measured_runs>/sanity.csv",
        provenance="<measured_runs>/evaluate.json",
    log:
        "<logs>/evaluate/{experiment}/{cell}/seed~{seeds}.log",
    benchmark:
        "<benchmarks>/evaluate/{experiment}/{cell}/seed~{seeds}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        jobs_per_device=jobs_per_device_of,
        mem_mb=8000,
        runtime=120,
    params:
        spec=PARAMETERS.network("evaluate"),
    script:
        "../scripts/evaluate_network.py"
