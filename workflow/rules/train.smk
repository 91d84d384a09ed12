"""Training: expects prepared datasets, makes weights and the rows of runs.csv; of networks that are
already trained it takes both from their files.
"""


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
        trial=TRIAL,
    output:
        rows="<network_run>/runs.csv",
        weights="<network_run>/weights.safetensors",
        best="<network_run>/best.safetensors",
        checkpoints=directory("<network_run>/checkpoints"),
        history="<network_run>/history.csv",
        provenance="<network_run>/train.json",
    log:
        "<logs>/train/{experiment}/{cell}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/train/{experiment}/{cell}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=TRAINED,
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


rule take_network:
    """Take a network that is already trained from its file, and try it on a few samples."""
    input:
        dataset=dataset_file,
    output:
        rows="<network_run>/runs.csv",
        weights="<network_run>/weights.safetensors",
        provenance="<network_run>/checkpoint.json",
    log:
        "<logs>/take/{experiment}/{cell}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/take/{experiment}/{cell}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=TAKEN,
    # before any is measured
    priority: 1
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        eigenvalues=eigenvalues_of,
        gpu=gpu_of,
        jobs_per_device=jobs_per_device_of,
        mem_mb=8000,
        runtime=30,
    params:
        spec=PARAMETERS.network("take"),
    script:
        "../scripts/take_network.py"
