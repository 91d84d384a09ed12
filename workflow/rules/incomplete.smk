"""An incomplete study: where jobs failed under --keep-going, the tables, claims, figures and the
report are made of the runs that are there.

Snakemake leaves out all that follows from a failed job. So this starts it once more, after the
failed start, for the aggregating rules alone and with the inputs that were made. Which were not,
the failed start knows; a file of an earlier setting that happens to lie there is not taken.
"""

import subprocess

from advscape.study.missing import in_words, reason

AGGREGATES = ["table", "missing", "flatness", "claims", "study_config", "html_report"]
AGGREGATES += [f"figure_{kind}" for kind in [*FIGURES_OF, "theorem", "regimes"]]


rule missing:
    """Say which runs the tables lack, and why; none in a complete study."""
    output:
        "<results>/tables/missing.csv",
    log:
        "<logs>/missing.log",
    benchmark:
        "<benchmarks>/missing.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        spec=canonical(code=code("missing.py"), config={"missing": MISSING["runs"]}),
    script:
        "../scripts/missing.py"


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
        subprocess.run(command, env=environment, check=False)
    failed = [run for run in missing["runs"] if run["log"]]
    for run in failed:
        print(f"missing: {in_words(run)} (log: {run['log']})", file=sys.stderr)
    if missing["runs"]:
        print(
            f"{len(failed)} jobs failed, {len(missing['runs']) - len(failed)} that need them were "
            f"left out; {RESULTS} has the tables, claims, figures and report of the others "
            "(tables/missing.csv). The next start does what is missing.",
            file=sys.stderr,
        )


onerror:
    if (
        workflow.execution_settings.keep_going
        and not INCOMPLETE
        and not workflow.scheduler._user_kill
    ):
        summarise()
