"""Curvature: expects weights, makes the rows of curvature.csv, and of networks those of
eigenvalues.csv, layers.csv, spectrum.csv, maxima.csv and finite_scale.csv.
"""


rule curvature_linear:
    """Frozen, response and total Hessian of one seed, in closed form."""
    input:
        dataset=dataset_file,
        weights="<linear_run>/weights.safetensors",
    output:
        rows="<linear_run>/curvature.csv",
        provenance="<linear_run>/curvature.json",
    log:
        "<logs>/curvature/{experiment}/seed~{seed}.log",
    benchmark:
        "<benchmarks>/curvature/{experiment}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=LINEAR,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=PARAMETERS.linear("curvature"),
    script:
        "../scripts/curvature_linear.py"


rule curvature_network:
    """Largest eigenvalues, traces and densities of the Hessians of networks of one epsilon."""
    input:
        dataset=dataset_file,
        weights=WEIGHTS,
    output:
        curvature="<measured_runs>/curvature.csv",
        eigenvalues="<measured_runs>/eigenvalues.csv",
        layers="<measured_runs>/layers.csv",
        spectrum="<measured_runs>/spectrum.csv",
        maxima="<measured_runs>/maxima.csv",
        finite_scale="<measured_runs>/finite_scale.csv",
        eigenvectors="<measured_runs>/eigenvectors.safetensors",
        provenance="<measured_runs>/curvature.json",
    log:
        "<logs>/curvature/{experiment}/{cell}/seed~{seeds}.log",
    benchmark:
        "<benchmarks>/curvature/{experiment}/{cell}/seed~{seeds}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        jobs_per_device=jobs_per_device_of,
        mem_mb=16000,
        runtime=240,
    params:
        spec=PARAMETERS.network("curvature"),
    script:
        "../scripts/curvature_network.py"
