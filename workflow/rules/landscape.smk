"""Landscapes: expects weights, makes the rows of landscape.csv."""


rule landscape_linear:
    """The loss of one seed along filter-normalised directions, in closed form."""
    input:
        dataset=dataset_file,
        weights=LINEAR_RUN + "/weights.safetensors",
    output:
        rows=LINEAR_RUN + "/landscape.csv",
        provenance=LINEAR_RUN + "/landscape.json",
    log:
        LOGS + "/landscape/{experiment}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/landscape/{experiment}/seed~{seed}.tsv"
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
        weights=NETWORK_RUN + "/weights.safetensors",
    output:
        rows=NETWORK_RUN + "/landscape.csv",
        provenance=NETWORK_RUN + "/landscape.json",
    log:
        LOGS + "/landscape/{experiment}/eps~{epsilon}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/landscape/{experiment}/eps~{epsilon}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        mem_mb=8000,
        runtime=240,
    params:
        spec=network_spec("landscape"),
    script:
        "../scripts/landscape_network.py"
