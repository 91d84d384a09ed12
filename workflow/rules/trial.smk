"""Trial: expects prepared datasets, tries a network of each experiment before any is trained."""


def trial_spec():
    """Parameter of an experiment's trial: what all of its trainings depend on, and no more.

    Not the code, nor the grid, nor what is measured: whatever runs the trial again makes Snakemake
    train again (it does not look at anything else of what follows from a job that runs, not even
    where the file between them is ancient).
    """
    specs = {n: spec_of("try", e, "") for n, e in EXPERIMENTS.items() if not is_linear(e)}

    def spec(wildcards):
        noise = EXPERIMENTS[wildcards.experiment].noise
        return specs[wildcards.experiment](epsilon=0.0, noise=noise, seed=0)

    return spec


rule try_network:
    """Try all that training and measuring will ask of an experiment's network, in seconds."""
    input:
        dataset=dataset_file,
    output:
        provenance="<results>/runs/{experiment}/trial.json",
    log:
        "<logs>/try/{experiment}.log",
    benchmark:
        "<benchmarks>/try/{experiment}.tsv"
    wildcard_constraints:
        experiment=NETWORKS,
    conda:
        ENVIRONMENT
    threads: threads_of
    resources:
        gpu=gpu_of,
        jobs_per_device=jobs_per_device_of,
        mem_mb=8000,
        runtime=30,
    params:
        spec=trial_spec(),
    script:
        "../scripts/try_network.py"
