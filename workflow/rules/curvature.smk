"""Curvature: expects weights, makes the rows of curvature.csv."""


rule curvature_linear:
    """Frozen, response and total Hessian of one seed, in closed form."""
    input:
        dataset=dataset_file,
        weights=LINEAR_RUN + "/weights.safetensors",
    output:
        rows=LINEAR_RUN + "/curvature.csv",
        provenance=LINEAR_RUN + "/curvature.json",
    log:
        LOGS + "/curvature/{experiment}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/curvature/{experiment}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=LINEAR,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=linear_spec("curvature"),
    script:
        "../scripts/curvature_linear.py"


rule curvature_network:
    """Largest eigenvalue and trace of one network's Hessian."""
    input:
        dataset=dataset_file,
        weights=NETWORK_RUN + "/weights.safetensors",
    output:
        rows=NETWORK_RUN + "/curvature.csv",
        provenance=NETWORK_RUN + "/curvature.json",
    log:
        LOGS + "/curvature/{experiment}/eps~{epsilon}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/curvature/{experiment}/eps~{epsilon}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        mem_mb=16000,
        runtime=240,
    params:
        spec=network_spec("curvature"),
    script:
        "../scripts/curvature_network.py"
