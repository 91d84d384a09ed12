"""Start-up and planning of the workflow: what a user waits for before any job runs.

parse: from the call of snakemake to its list of rules: start-up, config, fingerprints, rules.
    The part that is ours is the time over that of an empty Snakefile.
no-op: a second run of the finished default study. It counts as finished by files with the right
    names and `snakemake --touch`, which records what a run records.
plan: a dry run of a study with 10,000 jobs of which none has run.
start-up: what the default study's jobs take before their work begins and after it has ended:
    Python, imports, a job without work. Its share is to be seen beside `time snakemake`.

    .venv/bin/python benchmarks/workflow.py

Best of 3; one line each.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
JOBS = 10_000
REPEATS = 3


def call(folder: Path, *arguments: str) -> tuple[float, float, str]:
    """Wall seconds, CPU seconds and output of one call of snakemake."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    before, started = cpu_seconds(), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return seconds, cpu_seconds() - before, done.stdout + done.stderr


def cpu_seconds() -> float:
    """CPU time of all processes that were started from here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def best(folder: Path, *arguments: str) -> tuple[str, str]:
    """The least times of several calls, in words, and the output of the last."""
    calls = [call(folder, *arguments) for _ in range(REPEATS)]
    wall, cpu = (min(column) for column in list(zip(*calls, strict=True))[:2])
    return f"{wall:.2f} s ({cpu:.2f} s CPU)", calls[-1][2]


def parse(folder: Path, study: list[str]) -> str:
    """Start-up and rules of a study, and those of an empty Snakefile in turn, in words."""
    (folder / "empty.smk").touch()
    ours, empty = [], []
    for _ in range(REPEATS):
        empty.append(call(folder, "--snakefile", "empty.smk", "--list-rules")[:2])
        ours.append(call(folder, *study, "--list-rules")[:2])
    wall, cpu = map(min, zip(*ours, strict=True))
    bare_wall, bare_cpu = map(min, zip(*empty, strict=True))
    return (
        f"{wall - bare_wall:.2f} s ({cpu - bare_cpu:.2f} s CPU) "
        f"over an empty Snakefile's {bare_wall:.2f} s ({bare_cpu:.2f} s CPU)"
    )


def finish(folder: Path, study: list[str], plan: str) -> None:
    """Make a study count as finished."""
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


def jobs(plan: str) -> dict[str, int]:
    """Number of jobs of each rule in a dry run, and in total."""
    table = plan.split("Job stats:")[1].strip().split("\n\n")[0].splitlines()[2:]
    return {rule: int(count) for rule, count in map(str.split, table)}


#: what Snakemake would hand to a script, as far as a job without work uses it
JOB = """
import sys
from types import SimpleNamespace
snakemake = SimpleNamespace(scriptdir=sys.argv[1])
"""


def start_up(folder: Path, plan: str) -> str:
    """CPU time of a study's jobs if none had any work, in words."""
    seconds = {}
    for rule, count in jobs(plan).items():
        script = ROOT / f"workflow/scripts/{rule}.py"
        if not script.exists():  # the sum, and the rule that only asks for files
            continue
        imports = script.read_text().split("\nwith running")[0]
        code = f"{JOB}{imports}\nwith running('{{}}', 'job.log'):\n    pass\n"
        (folder / "job.py").write_text(code)
        least = min(bare_job(folder, script.parent) for _ in range(REPEATS))
        seconds[rule] = (count, least)
    total = sum(count * least for count, least in seconds.values())
    torch = [pair for rule, pair in seconds.items() if rule.endswith("_network")]
    with_torch = sum(count * least for count, least in torch)
    return (
        f"{total:.0f} s CPU for {sum(count for count, _ in seconds.values())} jobs, "
        f"{with_torch:.0f} of it for {sum(count for count, _ in torch)} with torch"
    )


def bare_job(folder: Path, scripts: Path) -> float:
    """CPU seconds of the job without work."""
    before = cpu_seconds()
    subprocess.run([sys.executable, "job.py", str(scripts)], cwd=folder, check=True)
    return cpu_seconds() - before


def large() -> dict:
    """The default study's ReLU network over so many seeds that there are 10,000 jobs."""
    study = yaml.safe_load((ROOT / "config.yaml").read_text())
    network = next(e for e in study["experiments"] if e["model"]["name"] == "resnet18")
    network.pop("compute")  # each measurement in a job of its own
    stages = 5
    cells = JOBS // stages
    network["grid"] = {"epsilons": [0, 0.1, 0.2, 0.3, 0.4], "seeds": list(range(cells // 5))}
    return {"study": "large", "experiments": [network]}


def main() -> None:
    """Measure and print."""
    study = ["--snakefile", str(ROOT / "Snakefile"), "--configfile"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        default = [*study, str(ROOT / "config.yaml")]
        print(f"parse: {parse(folder, default)}")
        *_, plan = call(folder, *default, "--dry-run")
        print(f"start-up: {start_up(folder, plan)}")
        finish(folder, default, plan)
        seconds, said = best(folder, *default)
        if "Nothing to be done" not in said:
            raise SystemExit(said)
        print(f"no-op re-run of the default study ({jobs(plan)['total']} jobs): {seconds}")
        (folder / "large.yaml").write_text(yaml.safe_dump(large()))
        seconds, said = best(folder, *study, "large.yaml", "--dry-run", "--quiet", "rules")
        print(f"dry run of {jobs(said)['total']} jobs: {seconds}")


if __name__ == "__main__":
    main()
