"""Start-up and planning of the workflow: what a user waits for before any job runs.

parse: from the call of snakemake to its list of rules: start-up, config, fingerprints, rules.
    The part that is ours is the time over that of an empty Snakefile.
no-op: a second run of the finished default study. It counts as finished by files with the right
    names and `snakemake --touch`, which records what a run records.
plan: a dry run of a study with 10,000 jobs of which none has run.

    .venv/bin/python benchmarks/workflow.py

Best of 3; one line each.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
JOBS = 10_000
REPEATS = 3


def call(folder: Path, *arguments: str) -> tuple[float, str]:
    """Wall seconds and output of one call of snakemake."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return seconds, done.stdout + done.stderr


def best(folder: Path, *arguments: str) -> tuple[float, str]:
    """Least seconds of several calls, and the output of the last."""
    calls = [call(folder, *arguments) for _ in range(REPEATS)]
    return min(seconds for seconds, _ in calls), calls[-1][1]


def finish(folder: Path, study: list[str]) -> int:
    """Make a study count as finished; the number of its jobs."""
    _, plan = call(folder, *study, "--dry-run")
    outputs = [
        file
        for line in plan.splitlines()
        if line.startswith("    output: ")
        for file in line.removeprefix("    output: ").split(", ")
    ]
    for file in outputs:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(file)
    call(folder, *study, "--touch", "--forceall")
    return jobs(plan)


def jobs(plan: str) -> int:
    """Number of jobs of a dry run."""
    totals = [line.split()[1] for line in plan.splitlines() if line.startswith("total ")]
    return int(totals[0]) if totals else 0


def large() -> dict:
    """The default study's ReLU network over so many seeds that there are 10,000 jobs."""
    study = yaml.safe_load((ROOT / "config.yaml").read_text())
    network = next(e for e in study["experiments"] if e["model"]["name"] == "resnet18")
    stages = 4
    cells = JOBS // stages
    network["grid"] = {"epsilons": [0, 0.1, 0.2, 0.3, 0.4], "seeds": list(range(cells // 5))}
    return {"study": "large", "experiments": [network]}


def main() -> None:
    """Measure and print."""
    study = ["--snakefile", str(ROOT / "Snakefile"), "--configfile"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty.smk").touch()
        empty, _ = best(folder, "--snakefile", "empty.smk", "--list-rules")
        default = [*study, str(ROOT / "config.yaml")]
        whole, _ = best(folder, *default, "--list-rules")
        print(f"parse: {whole - empty:.2f} s, and {empty:.2f} s of Snakemake's own start-up")
        count = finish(folder, default)
        seconds, said = best(folder, *default)
        if "Nothing to be done" not in said:
            raise SystemExit(said)
        print(f"no-op re-run of the default study ({count} jobs): {seconds:.2f} s")
        (folder / "large.yaml").write_text(yaml.safe_dump(large()))
        seconds, said = best(folder, *study, "large.yaml", "--dry-run", "--quiet", "rules")
        print(f"dry run of {jobs(said)} jobs: {seconds:.2f} s")


if __name__ == "__main__":
    main()
