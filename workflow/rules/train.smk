"""Training: expects prepared datasets, makes weights and the rows of runs.csv."""


rule train_linear:
    """Solve every epsilon and noise arm of one seed; solved cells are kept beside the outputs."""
    input:
        dataset=dataset_file,
    output:
        rows="<linear_run>/runs.csv",
        weights="<linear_run>/weights.safetensors",
        provenance="<linear_run>/train.json",
    log:
        "<logs>/train/{experiment}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/train/{experiment}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=LINEAR,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        anew=anew("train_linear"),
        mem_mb=4000,
        runtime=60,
    params:
        spec=PARAMETERS.linear("train"),
    script:
        "../scripts/train_linear.py"


rule train_network:
    """Train one network against PGD; a killed job goes on from its last checkpoint."""
    input:
        dataset=dataset_file,
        trial="<results>/runs/{experiment}/trial.json",
    output:
        rows="<network_run>/runs.csv",
        weights="<network_run>/weights.safetensors",
        best="<network_run>/best.safetensors",
        history="<network_run>/history.csv",
        provenance="<network_run>/train.json",
    log:
        "<logs>/train/{experiment}/eps~{epsilon}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/train/{experiment}/eps~{epsilon}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        anew=anew("train_network"),
        gpu=gpu_of,
        jobs_per_device=jobs_per_device_of,
        mem_mb=8000,
        runtime=720,
    params:
        spec=PARAMETERS.network("train"),
    script:
        "../scripts/train_network.py"
