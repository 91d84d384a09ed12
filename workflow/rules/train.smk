"""Training: expects prepared datasets, makes weights and the rows of runs.csv."""


rule train_linear:
    """Solve every epsilon and noise arm of one seed; solved cells are kept beside the outputs."""
    input:
        dataset=dataset_file,
    output:
        rows=LINEAR_RUN + "/runs.csv",
        weights=LINEAR_RUN + "/weights.safetensors",
        provenance=LINEAR_RUN + "/train.json",
    log:
        LOGS + "/train/{experiment}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/train/{experiment}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=LINEAR,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=linear_spec("train"),
    script:
        "../scripts/train_linear.py"


rule train_network:
    """Train one network against PGD; a killed job resumes after its last epoch."""
    input:
        dataset=dataset_file,
    output:
        rows=NETWORK_RUN + "/runs.csv",
        weights=NETWORK_RUN + "/weights.safetensors",
        history=NETWORK_RUN + "/history.csv",
        provenance=NETWORK_RUN + "/train.json",
    log:
        LOGS + "/train/{experiment}/eps~{epsilon}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/train/{experiment}/eps~{epsilon}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        mem_mb=8000,
        runtime=720,
    params:
        spec=network_spec("train"),
    script:
        "../scripts/train_network.py"
