"""Whether a study's verdicts hold: with other seeds, and on what stands for other machines.

Each case is the study with its seeds moved on, so that sets of seeds have none in common, and with
the initial weights of its networks changed by as little as rounding does (none for case 0 of a
set). A case makes what claims need and no more. Linear models are solved, whatever they start
from: they are left out of the changed cases.

    python benchmarks/verdicts.py --config config.yaml --folder verdicts --cores 2

A call that was stopped goes on where it was. The table is in Markdown; what is finished counts.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
SETS, PERTURBATIONS = 5, 3
CLAIM = ["experiment", "claim", "statement"]


def cases(study: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The study of each set of seeds and each change, unchanged ones first."""
    for change in range(PERTURBATIONS + 1):
        for place in range(SETS):
            case = deepcopy(study)
            case["study"] = f"seeds-{place}-change-{change}"
            for experiment in case["experiments"]:
                seeds = experiment["grid"]["seeds"]
                step = max(seeds) + 1
                experiment["grid"]["seeds"] = [seed + place * step for seed in seeds]
                if change and "attack" in experiment["training"]:
                    experiment["training"]["initial_perturbation"] = {"seed": change}
            if change:
                networks = [e for e in case["experiments"] if "attack" in e["training"]]
                case["experiments"] = networks
            yield case


def run(case: dict[str, Any], folder: Path, cores: int) -> None:
    """Make a case's claims."""
    file = folder / f"{case['study']}.yaml"
    file.write_text(yaml.safe_dump(case, sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--configfile", str(file), "--cores", str(cores)]
    command += ["--quiet", "all", "--", f"results/{case['study']}/tables/claims.csv"]
    subprocess.run(command, check=True)


def table(folder: Path) -> str:
    """Verdicts of all cases that are finished, one row for each claim."""
    files = sorted(folder.glob("results/*/tables/claims.csv"))
    found = pd.concat([pd.read_csv(file).assign(case=file.parts[-3]) for file in files])
    lines = [
        "| claim | verdicts | estimate | lowest and highest limits of the intervals |",
        "| --- | --- | --- | --- |",
    ]
    for (_, id_, statement), rows in found.groupby(CLAIM, sort=False):
        counts = rows["verdict"].value_counts()
        verdicts = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        estimates = f"{rows['estimate'].min():.3g} to {rows['estimate'].max():.3g}"
        limits = f"{rows['ci_low'].min():.3g} to {rows['ci_high'].max():.3g}"
        words = statement.replace("|", "\\|")  # |w| would end the cell
        lines.append(f"| {id_}: {words} | {verdicts} | {estimates} | {limits} |")
    return "\n".join(lines)


def main() -> None:
    """Run all cases, then print the table; after each case too, since all take hours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=ROOT / "config.yaml")
    parser.add_argument("--folder", type=Path, default=Path("verdicts"))
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for case in cases(yaml.safe_load(asked.config.read_text())):
        run(case, asked.folder.resolve(), asked.cores)
        print(f"\nafter {case['study']}\n\n{table(asked.folder)}", flush=True)


if __name__ == "__main__":
    main()
