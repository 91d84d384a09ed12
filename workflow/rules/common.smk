"""What the rules share: the checked study, where things lie, and each job's one parameter.

Pure functions of the config; nothing here imports torch or looks at results.
"""

import gc
import json
import os
import re
import subprocess
import sys
from pathlib import Path

# Snakemake keeps all jobs in memory, where the collector would look through them again and again:
# a fifth of the time that planning 10,000 jobs takes
gc.set_threshold(50_000, 20, 100)

from advscape.data.digest import content_digest
from advscape.data.root import data_root
from advscape.study.canonical import canonical
from advscape.study.config import LinearExperiment, token
from advscape.study.fingerprint import fingerprint
from advscape.study.folder import check_writable, use_writable_temporary_folder
from advscape.study.hardware import has_gpu
from advscape.study.load import load_study
from advscape.study.missing import in_words, reason
from advscape.study.spec import stage_spec

try:
    check_writable(Path.cwd())
    use_writable_temporary_folder()
    STUDY = load_study(config)
except UserError as problem:
    # Snakemake would add a traceback; one line is what the user needs
    sys.exit(str(problem))

# a linear experiment has one job for all epsilons of a seed, a network one for each
LINEAR_RUN = "<results>/runs/{experiment}/seed~{seed}"
NETWORK_RUN = "<results>/runs/{experiment}/eps~{epsilon}/seed~{seed}"
# networks that are measured in one job: of the seeds 0+1+2, or of one, in its run's folder
MEASURED_RUNS = "<results>/runs/{experiment}/eps~{epsilon}/seed~{seeds}"
EXPERIMENTS = {experiment.name: experiment for experiment in STUDY.experiments}
# a pattern that matches no name stands in for an empty list
LINEAR = "|".join(n for n, e in EXPERIMENTS.items() if isinstance(e, LinearExperiment)) or "(?!)"
NETWORKS = "|".join(n for n in EXPERIMENTS if n not in LINEAR.split("|")) or "(?!)"
# what only networks have: a linear model's Hessian is there as a whole, and in closed form
OF_NETWORKS = ["layers", "spectrum", "finite_scale", "sharpness"] if NETWORKS != "(?!)" else []
TABLES = ["runs", "robustness", "sanity", "curvature", "landscape", *OF_NETWORKS]
# rows of sanity.csv that no single run has: they are read from the lines of all
CHECKS_OF_LINES = ["<results>/runs/flatness_sanity.csv"]
ENVIRONMENT = "../../environment.yml"
RESULTS = f"results/{STUDY.study}"
# tables that each figure of an experiment is drawn from
FIGURES_OF = {
    "curvature": ["curvature", "runs"],
    "landscape": ["landscape"],
    "plane": ["landscape"],
    "robustness": ["robustness"],
    "sharpness": ["sharpness"],
}
# of an incomplete study: what a failed start did not make, see incomplete.smk
MISSING_FILE = "ADVSCAPE_MISSING"
INCOMPLETE = MISSING_FILE in os.environ
MISSING = {"files": [], "runs": []}
if INCOMPLETE:
    MISSING = json.loads(Path(os.environ[MISSING_FILE]).read_text(encoding="utf-8"))
LACKING = {f"<results>/{file}" for file in MISSING["files"]}


def is_linear(experiment):
    return isinstance(experiment, LinearExperiment)


def code(name):
    """Fingerprint of a script of workflow/scripts and of what it imports from the library."""
    return fingerprint(workflow.source_path(f"../scripts/{name}"))


def alike(values):
    """A value per experiment, for Snakemake: the one that all have, or a function of wildcards.

    Asking a function for each of thousands of jobs takes Snakemake long.
    """
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return lambda wildcards: values[wildcards.experiment]


DATASETS = {e.dataset.id: e.dataset for e in STUDY.experiments}
ROOT, _ = data_root(STUDY.data_root)
try:
    CONTENT = {id: content_digest(d.name, d.path, ROOT) for id, d in DATASETS.items()}
except OSError as problem:
    sys.exit(f"data_root: {problem}")


def spec_of(stage, experiment, fixed):
    return stage_spec(stage, experiment, fixed, CONTENT[experiment.dataset.id])


dataset_file = alike(
    {name: f"<results>/datasets/{e.dataset.id}.npz" for name, e in EXPERIMENTS.items()}
)


# --forceall and --forcerun compute again: what a rule kept for a killed job is left alone then. In
# the environment, since Snakemake does not tell its jobs what was forced
FORCED = "ADVSCAPE_FORCED"


def anew(rule):
    """1 where a rule is forced and the job's first attempt is made; a module's rules have a prefix."""

    def resource(wildcards, attempt):
        settings = workflow.dag_settings  # there once the workflow has been read
        if settings is not None and (settings.forceall or settings.forcerun):
            os.environ[FORCED] = " ".join(["*"] if settings.forceall else settings.forcerun)
        forced = os.environ.get(FORCED, "").split()
        return int(attempt == 1 and any(name == "*" or name.endswith(rule) for name in forced))

    return resource


HAS_GPU = has_gpu()
COMPUTE = {name: e.compute for name, e in EXPERIMENTS.items() if not is_linear(e)}
threads_of = alike({name: c.threads for name, c in COMPUTE.items()})
jobs_per_device_of = alike({name: c.jobs_per_device for name, c in COMPUTE.items()})
# one GPU where the job would use one; on a cluster the profile decides
gpu_of = alike(
    {n: int(c.device == "cuda" or (c.device == "auto" and HAS_GPU)) for n, c in COMPUTE.items()}
)


def linear_spec(stage):
    """Parameter of a job that treats all cells of one seed; only training needs to list them."""
    fixed = code(f"{stage}_linear.py")
    specs = {n: spec_of(stage, e, fixed) for n, e in EXPERIMENTS.items() if is_linear(e)}

    def spec(wildcards):
        experiment = EXPERIMENTS[wildcards.experiment]
        grid = {"seed": int(wildcards.seed)}
        if stage == "train":
            grid |= {"epsilons": experiment.grid.epsilons, "noise": experiment.grid.noise}
        return specs[wildcards.experiment](**grid)

    return spec


def seeds_of(wildcards):
    return [int(seed) for seed in wildcards.seeds.split("+")]


def network_spec(stage):
    """Parameter of a job that trains one network, or measures some, or a part of that."""
    fixed = code(f"{stage}_network.py")
    specs = {n: spec_of(stage, e, fixed) for n, e in EXPERIMENTS.items() if not is_linear(e)}

    def spec(wildcards):
        cell = {"part": int(wildcards.part)} if hasattr(wildcards, "part") else {}
        if stage == "train":
            cell["seed"] = int(wildcards.seed)
        else:
            cell["seeds"] = seeds_of(wildcards)
        return specs[wildcards.experiment](
            epsilon=float(wildcards.epsilon),
            noise=EXPERIMENTS[wildcards.experiment].noise,
            **cell,
        )

    return spec


def of_each_run(file):
    """A file of every network that a job measures."""
    if all(compute.seeds_per_job == 1 for compute in COMPUTE.values()):
        return [f"{MEASURED_RUNS}/{file}"]  # the job's folder is its run's own
    pattern = f"{NETWORK_RUN}/{file}"

    def files(wildcards):
        run = {"experiment": wildcards.experiment, "epsilon": wildcards.epsilon}
        return [pattern.format(**run, seed=seed) for seed in seeds_of(wildcards)]

    return files


def directions_of(wildcards, best=of_each_run("best.safetensors")):
    """What else the directions of a network's landscape are made from."""
    landscape = EXPERIMENTS[wildcards.experiment].landscape
    needed = {}
    if "best-checkpoint" in landscape.directions:
        needed["best"] = best(wildcards) if callable(best) else best
    if landscape.eigenvectors:
        needed["eigenvectors"] = f"{MEASURED_RUNS}/eigenvectors.safetensors"
    return needed


def flatness_settings():
    """How flatness numbers are read from the lines of each experiment."""
    return {
        name: {
            "radii": experiment.landscape.rise_radii,
            "level": experiment.landscape.flatness.level,
            "step": experiment.landscape.step,
        }
        for name, experiment in EXPERIMENTS.items()
    }


def run_folders(experiment, trained):
    """Folders of an experiment's jobs: one per seed, or one per epsilon and seed or some seeds."""
    seeds = experiment.grid.seeds
    if is_linear(experiment):
        return expand(LINEAR_RUN, experiment=experiment.name, seed=seeds)
    together = 1 if trained else experiment.compute.seeds_per_job
    chunks = (seeds[i : i + together] for i in range(0, len(seeds), together))
    return expand(
        MEASURED_RUNS,
        experiment=experiment.name,
        epsilon=[token(epsilon) for epsilon in experiment.grid.epsilons],
        seeds=["+".join(map(str, chunk)) for chunk in chunks],
    )


def measured(table):
    """The experiments that have rows in a table."""
    return [e for e in STUDY.experiments if table not in OF_NETWORKS or not is_linear(e)]


def row_files(table, experiment, lacking=LACKING):
    """An experiment's rows of a table, job by job; without what is missing."""
    runs = run_folders(experiment, trained=table == "runs")
    if table == "landscape" and not is_linear(experiment):
        parts = range(experiment.landscape.jobs)
        files = [f"{run}/landscape/part~{p}.csv" for run in runs for p in parts]
    else:
        files = [f"{run}/{table}.csv" for run in runs]
    return [file for file in files if file not in lacking]


def drawn(kind, experiment, lacking=LACKING):
    """Whether there are rows of which a figure of an experiment can be drawn."""
    return all(row_files(table, experiment, lacking) for table in FIGURES_OF[kind])


def drawn_of(job, files):
    """Whether an aggregating job has something to aggregate where these files are missing."""
    kind = job.rule.name.rpartition("figure_")[2]
    if kind not in FIGURES_OF or "experiment" not in job.wildcards_dict:
        return True
    experiment = EXPERIMENTS[job.wildcards_dict["experiment"]]
    return drawn(kind, experiment, {f"<results>/{file}" for file in files})


def fragments(wildcards):
    """All rows of a table, job by job."""
    table = wildcards.table
    files = [path for experiment in measured(table) for path in row_files(table, experiment)]
    return files + CHECKS_OF_LINES if table == "sanity" else files


def key_columns(experiment):
    """The columns that say which experiment a row is of."""
    return {
        "experiment": experiment.name,
        "dataset": experiment.dataset_label,
        "model": experiment.model.label,
        "norm": experiment.threat.norm,
    }


def sources(table):
    """Key columns of each file that `fragments` lists."""
    keys = [
        key_columns(experiment)
        for experiment in measured(table)
        for _ in row_files(table, experiment)
    ]
    return keys + [{} for _ in CHECKS_OF_LINES] if table == "sanity" else keys


def claim_list():
    """Every claim of the study with the name of its experiment."""
    return [
        {"experiment": experiment.name, **claim.model_dump(), "select": claim.rows}
        for experiment in STUDY.experiments
        for claim in experiment.claims
    ]


def figures():
    """Every figure of the study; some need a network, or linear experiments."""
    wanted = [
        f"<results>/figures/{kind}_{name}.png"
        for kind in FIGURES_OF
        for name, e in EXPERIMENTS.items()
        if (kind != "plane" or e.landscape.plane is not None)
        and (kind != "sharpness" or not is_linear(e))
        and drawn(kind, e)
    ]
    trainings = [e.training for e in STUDY.experiments if is_linear(e)]
    if trainings:
        wanted.append("<results>/figures/theorem.png")
    if any(training != trainings[0] for training in trainings):
        wanted.append("<results>/figures/regimes.png")
    return wanted


def figure_spec(kind):
    """Parameter of a figure: which experiment, and what its title says."""
    fixed = code(f"figure_{kind}.py")

    def spec(wildcards):
        experiment = EXPERIMENTS[wildcards.experiment]
        config = {
            "experiment": experiment.name,
            "title": experiment.display_title,
            "norm": experiment.threat.norm,
            "network": not is_linear(experiment),
        }
        return canonical(code=fixed, config=config)

    return spec


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


AGGREGATES = ["table", "missing", "flatness", "claims", "study_config", "html_report"]
AGGREGATES += [f"figure_{kind}" for kind in [*FIGURES_OF, "theorem", "regimes"]]


def not_made():
    """Files that this start was to make and did not, and the runs that they are of."""
    failed = workflow.scheduler.failed
    jobs = [job for job in workflow.dag.needrun_jobs() if job.rule.name not in [*AGGREGATES, "all"]]
    runs = []
    for job in sorted(jobs, key=lambda job: (job not in failed, str(job.output))):
        log = str(job.log[0]) if job.log else ""
        why = reason(log) if job in failed else "what it needs is missing"
        values = job.wildcards_dict
        runs.append({
            "experiment": values.get("experiment", ""),
            "epsilon": values.get("epsilon", ""),
            "seed": values.get("seed", values.get("seeds", "")),
            "stage": job.rule.name,
            "reason": why,
            "log": log if job in failed else "",
        })  # fmt: skip
    start = f"{RESULTS}/"
    files = [str(file).removeprefix(start) for job in jobs for file in job.output]
    return {"files": files, "runs": runs}


def summarise():
    """Make what can be made of the runs that are there, and say which are not."""
    missing = not_made()
    wanted = [
        str(file)
        for job in workflow.dag.needrun_jobs()
        if job.rule.name in AGGREGATES and drawn_of(job, missing["files"])
        for file in job.output
    ]
    summed_up = False
    if missing["runs"] and wanted:
        folder = Path(RESULTS)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".missing.json").write_text(json.dumps(missing), encoding="utf-8")
        (folder / ".config.json").write_text(json.dumps(config, default=str), encoding="utf-8")
        command = [PYTHON, "-m", "snakemake", "--snakefile", str(workflow.main_snakefile)]
        command += ["--configfile", str(folder / ".config.json"), "--nolock", "--quiet", "all"]
        command += ["--cores", str(workflow.resource_settings.cores or 1)]
        command += ["--allowed-rules", *AGGREGATES, "--", *wanted]
        environment = os.environ | {MISSING_FILE: str((folder / ".missing.json").absolute())}
        summed_up = subprocess.run(command, env=environment, check=False).returncode == 0
    failed = [run for run in missing["runs"] if run["log"]]
    for run in failed:
        print(f"missing: {in_words(run)} (log: {run['log']})", file=sys.stderr)
    if missing["runs"]:
        others = "the others were not summed up as a whole: see the logs"
        if summed_up:
            others = f"{RESULTS} has what was asked for of the others (tables/missing.csv)"
        print(
            f"{len(failed)} jobs failed, {len(missing['runs']) - len(failed)} that need them were "
            f"left out; {others}. The next start does what is missing.",
            file=sys.stderr,
        )
