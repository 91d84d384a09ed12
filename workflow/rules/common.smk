"""What the rules share: the checked study, where things lie, and each job's one parameter.

Pure functions of the config; nothing here imports torch or looks at results.
"""

import gc
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

# Snakemake keeps all jobs in memory, where the collector would look through them again and again:
# a fifth of the time that planning 10,000 jobs takes
gc.set_threshold(50_000, 20, 100)

from advscape.data.digest import content_digest, file_digests
from advscape.data.root import data_root
from advscape.study.canonical import canonical
from advscape.study.figures import FIGURES
from advscape.study.fingerprint import fingerprint
from advscape.study.folder import check_writable, use_writable_temporary_folder
from advscape.study.hardware import has_gpu
from advscape.study.load import load_study
from advscape.study.missing import in_words, not_made
from advscape.study.outline import outline, shown_tables
from advscape.study.parameters import Parameters, seeds_of
from advscape.study.plan import (
    AGGREGATES,
    LINEAR_RUN,
    MEASURED_RUNS,
    NETWORK_RUN,
    Plan,
    files_of,
    trial_of,
)

# what `compare` compares with, which is no key of a study
AGAINST = config.pop("against", None)
AGAINST = None if AGAINST is None else str(AGAINST)

try:
    check_writable(Path.cwd())
    use_writable_temporary_folder()
    # where checkpoints are looked for after the working folder
    BESIDE = [Path(file).absolute().parent for file in workflow.configfiles]
    STUDY = load_study(config, BESIDE)
except UserError as problem:
    # Snakemake would add a traceback; one line is what the user needs
    sys.exit(str(problem))

PYTHON = sys.executable
# Snakemake puts it into shell commands as it is, where a space would end it
sys.executable = shlex.quote(sys.executable)
ENVIRONMENT = "../../environment.yml"
RESULTS = f"results/{STUDY.study}"
# of an incomplete study: what a failed start did not make, see incomplete.smk
MISSING_FILE = "ADVSCAPE_MISSING"
INCOMPLETE = MISSING_FILE in os.environ
MISSING = {"files": [], "runs": []}
if INCOMPLETE:
    MISSING = json.loads(Path(os.environ[MISSING_FILE]).read_text(encoding="utf-8"))
PLAN = Plan(STUDY, (f"<results>/{file}" for file in MISSING["files"]), BESIDE)
EXPERIMENTS = PLAN.experiments
# a pattern that matches no name stands in for an empty list
NOTHING = "(?!)"
LINEAR = "|".join(PLAN.linear) or NOTHING
NETWORKS = "|".join(PLAN.networks) or NOTHING
TRAINED = "|".join(PLAN.trained) or NOTHING
TAKEN = "|".join(PLAN.given) or NOTHING


def code(name):
    """Fingerprint of a script of workflow/scripts and of what it imports from the library."""
    return fingerprint(workflow.source_path(f"../scripts/{name}"))


def text_of(file):
    """A text file of the workflow, wherever that comes from."""
    return Path(workflow.source_path(file)).read_text(encoding="utf-8")


# of each kind of figure in the study; the report and Snakemake's own page both show them
CAPTIONS = {
    kind: text_of(FIGURES[kind].caption or f"../report/{kind}.rst")
    for kind in dict.fromkeys(kind for kind, _ in PLAN.drawn())
}
CITATION = text_of("../../CITATION.cff")


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
FILES = file_digests(run.place for runs in PLAN.given.values() for run in runs.values())
PARAMETERS = Parameters(PLAN, code, CONTENT, FILES)


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
COMPUTE = {name: e.compute for name, e in PLAN.networks.items()}
threads_of = alike({name: c.threads for name, c in COMPUTE.items()})
jobs_per_device_of = alike({name: c.jobs_per_device for name, c in COMPUTE.items()})
# one GPU where the job would use one; on a cluster the profile decides
gpu_of = alike(
    {n: int(c.device == "cuda" or (c.device == "auto" and HAS_GPU)) for n, c in COMPUTE.items()}
)


# of the trial, which looks for the network's size: it is made from the same weights whatever is
# measured of them later
eigenvalues_of = alike(
    {n: e.curvature.largest + e.curvature.smallest for n, e in PLAN.networks.items()}
)


def of_each_run(file):
    """A file of every network that a job measures."""
    if all(compute.seeds_per_job == 1 for compute in COMPUTE.values()):
        return [f"{MEASURED_RUNS}/{file}"]  # the job's folder is its run's own
    pattern = f"{NETWORK_RUN}/{file}"

    def files(wildcards):
        run = {"experiment": wildcards.experiment, "cell": wildcards.cell}
        return [pattern.format(**run, seed=seed) for seed in seeds_of(wildcards)]

    return files


def weights_of(wildcards):
    """Weights that a job measures: of each of its seeds a file, or the folder that has it."""
    return PLAN.weights(wildcards.experiment, wildcards.cell, seeds_of(wildcards))


# asking a function for each of thousands of jobs takes Snakemake long
WEIGHTS = of_each_run("weights.safetensors") if PLAN.only_last else weights_of


def trial_before(wildcards):
    """The trial of a run's training."""
    cell = PLAN.cell(wildcards.experiment, wildcards.cell)
    return f"<results>/runs/{wildcards.experiment}/{trial_of(cell.variant)}.json"


TRIAL = "<results>/runs/{experiment}/trial.json"
if any(experiment.variants for experiment in PLAN.trained.values()):
    TRIAL = trial_before


def directions_of(wildcards, best=of_each_run("best.safetensors")):
    """What else the directions of a network's landscape are made from."""
    landscape, needed = EXPERIMENTS[wildcards.experiment].landscape, {}
    if "best" in landscape.needs:
        needed["best"] = best(wildcards) if callable(best) else best
    if "eigenvectors" in landscape.needs:
        needed["eigenvectors"] = f"{MEASURED_RUNS}/eigenvectors.safetensors"
    return needed


def drawn_for(kind):
    """Pattern of the experiments that have a figure."""
    wanted = [name for name, e in EXPERIMENTS.items() if PLAN.wants(kind, e)]
    return "|".join(wanted) or NOTHING


def fragments(wildcards):
    return PLAN.fragments(wildcards.table)


def drawn_of(job, files):
    """Whether an aggregating job has something to aggregate where these files are missing."""
    kind = job.rule.name.rpartition("figure_")[2]
    if kind not in FIGURES or "experiment" not in job.wildcards_dict:
        return True
    experiment = EXPERIMENTS[job.wildcards_dict["experiment"]]
    return PLAN.is_drawn(kind, experiment, frozenset(f"<results>/{file}" for file in files))


def summarise():
    """Make what can be made of the runs that are there, and say which are not."""
    jobs = workflow.dag.needrun_jobs()
    missing = not_made(jobs, workflow.scheduler.failed, [*AGGREGATES, "all"], RESULTS)
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
