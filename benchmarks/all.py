"""All benchmarks with their peers in one run: the tables of RESULTS.md and their figure.

Each benchmark runs in a process of its own, one after the other, and hands over its rows. They are
kept in .bench/, so that a stopped run goes on where it was, at the same commit; what ended without
rows is tried again. The rows of a machine are written to benchmarks/machines/<name>.json; the
tables and the figure are made from the files of all machines, since no claim may rest on one.

40 to 75 minutes on 2 cores. Left out, since they take longer or have no peer: verdicts.py (90
minutes), workflow.py, claims.py, and the parts memory and total of curvature.py. MNIST is needed
under ADVSCAPE_DATA for one of them.

    make bench                       # or: .bench-venv/bin/python benchmarks/all.py
    .bench-venv/bin/python benchmarks/all.py --write     # tables and figure, nothing measured
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import this_machine
from rows import Row, read, write
from side_by_side import FIGURE, figure, machines, written

from advscape.figures.style import save

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MACHINES, RESULTS, KEPT = HERE / "machines", HERE / "RESULTS.md", ROOT / ".bench"
#: minutes after which a step is stopped
LIMIT = 20
#: what is run, by the heading of its table
STEPS = {
    "Adversarial training": "training.py --repeats 5",
    "Evaluation with PGD": "attack.py --samples 256 --repeats 3",
    "Largest eigenvalue": "curvature.py --parts lambda --activations gelu "
    "--goals 'error 1e-2' 'error 1e-3' 'error 2e-6' --repeats 3",
    "Five largest eigenvalues": "curvature.py --parts top --activations gelu "
    "--goals 'error 3e-2' 'error 1e-3' 'error 2e-6' --repeats 2",
    "Trace": "curvature.py --parts trace --activations relu --repeats 5",
    "Landscape": "landscape.py --repeats 3",
    "Robust logistic regression": "logistic_path.py --repeats 5",
    "Linear model": "curvature.py --parts linear",
}
#: the same, to see whether everything runs: no time of theirs means anything
SMALL = {
    "Adversarial training": "training.py --sizes 16 --width 4 --repeats 1",
    "Evaluation with PGD": "attack.py --sizes 16 --samples 128 --steps 2 --width 4 --repeats 1",
    "Largest eigenvalue": "curvature.py --parts lambda --activations gelu "
    "--goals 'error 1e-2' 'error 1e-3' 'error 2e-6' --width 4 --repeats 1",
    "Five largest eigenvalues": "curvature.py --parts top --activations gelu "
    "--goals 'error 3e-2' 'error 1e-3' 'error 2e-6' --width 4 --repeats 1",
    "Trace": "curvature.py --parts trace --activations relu --width 4 --repeats 1",
    "Landscape": "landscape.py --steps 2 --workers 0 --points 7 --width 4 --repeats 1",
    "Robust logistic regression": "logistic_path.py --repeats 1",
    "Linear model": "curvature.py --parts linear",
}


def measured(step: str, command: str, threads: int, folder: Path) -> list[Row]:
    """Rows of a step, from an earlier run where that was stopped after it."""
    name = step.lower().replace(" ", "-")
    kept, log = folder / f"{name}.json", folder / f"{name}.log"
    if not kept.exists():
        script, *arguments = shlex.split(command)
        call = [sys.executable, str(HERE / script), *arguments]
        call += ["--threads", str(threads), "--json", str(kept)]
        limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        print(f"== {step}: {command} (log: {log})", flush=True)
        failed = run(call, {**os.environ, **limits}, log)
        if failed:
            return [Row("all of it", "all", None, failed)]
    return read(json.loads(kept.read_text(encoding="utf-8")))


def run(call: list[str], environment: dict[str, str], log: Path) -> str:
    """Run a benchmark; why it has no rows, empty if it has."""
    with open(log, "w", encoding="utf-8") as file:
        try:
            code = subprocess.run(
                call, stdout=file, stderr=subprocess.STDOUT, env=environment, timeout=60 * LIMIT
            ).returncode
        except subprocess.TimeoutExpired:
            return f"stopped after {LIMIT} minutes"
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "no output")
    return f"ended with {code}: {last}" if code else ""


def commit() -> str:
    """What is measured, as git names it."""
    call = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def collect(steps: dict[str, str], threads: int, folder: Path) -> dict[str, dict[str, object]]:
    """Command and rows of every step; when all are there, nothing is kept of them."""
    folder.mkdir(parents=True, exist_ok=True)
    records = {}
    for step, command in steps.items():
        rows = measured(step, command, threads, folder)
        for row in rows:
            print(f"   {row}", flush=True)
        records[step] = {"command": command, "rows": [asdict(row) for row in rows]}
    for file in folder.glob("*.json"):
        file.unlink()
    return records


def publish() -> None:
    """Write the tables and the figure from the files of all machines."""
    found = machines(MACHINES)
    RESULTS.write_text(written(RESULTS.read_text(encoding="utf-8"), found), encoding="utf-8")
    if found:
        save(figure(found), [ROOT / FIGURE])


def main() -> None:
    """Measure this machine, and write all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default=this_machine.name(), help="name of its file")
    parser.add_argument("--threads", type=int, default=2)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--small", action="store_true", help="tiny sizes: a trial, nothing written")
    choice.add_argument("--write", action="store_true", help="only write tables and figure")
    arguments = parser.parse_args()
    threads = arguments.threads
    if arguments.small:
        collect(SMALL, threads, KEPT / "small")
        return
    if not arguments.write:
        version = commit()
        # rows of other code are not taken up
        records = collect(STEPS, threads, KEPT / f"{arguments.machine}-{threads}-{version}")
        MACHINES.mkdir(exist_ok=True)
        content = {"facts": this_machine.facts(threads, version), "steps": records}
        write(MACHINES / f"{arguments.machine}.json", content)
    publish()


if __name__ == "__main__":
    main()
