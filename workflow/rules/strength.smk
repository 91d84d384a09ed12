"""Strength: expects weights of networks, makes rows of sanity.csv that take long, for the first
seed of each epsilon.
"""


rule strength_network:
    """How near PGD and worst-case sharpness of a network come to much longer searches."""
    input:
        dataset=dataset_file,
        weights="<network_run>/weights.safetensors",
    output:
        rows="<network_run>/strength.csv",
        provenance="<network_run>/strength.json",
    log:
        "<logs>/strength/{experiment}/{cell}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/strength/{experiment}/{cell}/seed~{seed}.tsv"
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
        spec=PARAMETERS.network("strength"),
    script:
        "../scripts/strength_network.py"
