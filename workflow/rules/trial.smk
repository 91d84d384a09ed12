"""Trial: expects prepared datasets, tries a network of each experiment before any is trained."""


def largest_epsilon_spec():
    """Parameter of the job that tries the run with the largest epsilon."""
    fixed = code("try_network.py")
    specs = {n: spec_of("try", e, fixed) for n, e in EXPERIMENTS.items() if not is_linear(e)}

    def spec(wildcards):
        experiment = EXPERIMENTS[wildcards.experiment]
        return specs[wildcards.experiment](
            epsilon=max(experiment.grid.epsilons),
            noise=experiment.noise,
            seed=experiment.grid.seeds[0],
        )

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
        spec=largest_epsilon_spec(),
    script:
        "../scripts/try_network.py"
