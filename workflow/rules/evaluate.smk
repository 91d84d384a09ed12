"""Evaluation: expects weights, makes the rows of robustness.csv."""


rule evaluate_linear:
    """Loss and accuracy of one seed, clean and under the optimal noise."""
    input:
        dataset=dataset_file,
        weights=LINEAR_RUN + "/weights.safetensors",
    output:
        rows=LINEAR_RUN + "/robustness.csv",
        provenance=LINEAR_RUN + "/evaluate.json",
    log:
        LOGS + "/evaluate/{experiment}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/evaluate/{experiment}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=LINEAR,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=linear_spec("evaluate"),
    script:
        "../scripts/evaluate_linear.py"


rule evaluate_network:
    """Loss and accuracy of one network, clean and under PGD."""
    input:
        dataset=dataset_file,
        weights=NETWORK_RUN + "/weights.safetensors",
    output:
        rows=NETWORK_RUN + "/robustness.csv",
        provenance=NETWORK_RUN + "/evaluate.json",
    log:
        LOGS + "/evaluate/{experiment}/eps~{epsilon}/seed~{seed}.log",
    benchmark:
        BENCHMARKS + "/evaluate/{experiment}/eps~{epsilon}/seed~{seed}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        mem_mb=8000,
        runtime=120,
    params:
        spec=network_spec("evaluate"),
    script:
        "../scripts/evaluate_network.py"
