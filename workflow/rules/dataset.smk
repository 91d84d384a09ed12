"""Datasets: expects the data root's files, makes one .npz per dataset that all later stages read."""


rule dataset:
    """Read a dataset, downloading it first where that is allowed and needed."""
    output:
        arrays="<results>/datasets/{dataset}.npz",
        provenance="<results>/datasets/{dataset}.json",
    log:
        "<logs>/dataset/{dataset}.log",
    benchmark:
        "<benchmarks>/dataset/{dataset}.tsv"
    wildcard_constraints:
        dataset="|".join(map(re.escape, DATASETS)),
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=lambda wildcards, fixed=code("dataset.py"): canonical(
            code=fixed,
            config={
                "name": DATASETS[wildcards.dataset].name,
                "path": DATASETS[wildcards.dataset].path,
                "options": DATASETS[wildcards.dataset].options,
                "content": CONTENT[wildcards.dataset],
            },
        ),
    script:
        "../scripts/dataset.py"
