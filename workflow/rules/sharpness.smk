"""Sharpness: expects weights of networks, makes the rows of sharpness.csv."""


rule sharpness_network:
    """How much one network's loss rises when its weights are moved."""
    input:
        dataset=dataset_file,
        weights="<network_run>/weights.safetensors",
    output:
        rows="<network_run>/sharpness.csv",
        provenance="<network_run>/sharpness.json",
    log:
        "<logs>/sharpness/{experiment}/eps~{epsilon}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/sharpness/{experiment}/eps~{epsilon}/seed~{seed}.tsv"
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
        spec=network_spec("sharpness"),
    script:
        "../scripts/sharpness_network.py"
