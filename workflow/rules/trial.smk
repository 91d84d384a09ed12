"""Trial: expects prepared datasets, tries a network of each training before any is trained."""


rule try_network:
    """Try all that training and measuring will ask of an experiment's network, in seconds."""
    input:
        dataset=dataset_file,
    output:
        provenance="<results>/runs/{experiment}/{trial}.json",
    log:
        "<logs>/try/{experiment}/{trial}.log",
    benchmark:
        "<benchmarks>/try/{experiment}/{trial}.tsv"
    wildcard_constraints:
        trial=r"trial(,variant~[^/]+)?",
        experiment=TRAINED,
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
        spec=PARAMETERS.trial(),
    script:
        "../scripts/try_network.py"
