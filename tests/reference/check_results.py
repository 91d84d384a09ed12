"""Run a small part of each study of docs/results, and compare with the tables there.

For someone who has just installed the project: `make check-results`. Each part is the study's own
config with fewer experiments, epsilons and seeds, run in a folder that is removed afterwards.
Linear models are solved, and agree to rounding on every machine. Networks that are trained are
others on another machine, as with another seed.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from advscape.data.root import data_root
from advscape.study.config.section import fraction
from advscape.tables.collect import read_texts
from advscape.tables.differences import table_difference

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/results"


@dataclass(frozen=True)
class Part:
    """A part of a study, and what of it is compared.

    Attributes:
        study: the name of its file, and of its page.
        experiment: which of its experiments.
        epsilons: which of its epsilons, as the config has them.
        seeds: which of its seeds.
        allowed: largest difference by table and column, relative to the larger number.
    """

    study: str
    experiment: str
    epsilons: tuple[float | str, ...]
    seeds: tuple[int, ...]
    allowed: dict[str, dict[str, float]]

    @property
    def words(self) -> str:
        """Which part it is."""
        epsilons, seeds = (", ".join(map(str, values)) for values in (self.epsilons, self.seeds))
        return f"{self.experiment}, epsilon {epsilons}, seed {seeds}"

    def config(self) -> dict[str, Any]:
        """The study's config with this part alone, and without claims."""
        file = ROOT / f"studies/{self.study}.yaml"
        config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        (experiment,) = (e for e in config["experiments"] if e["name"] == self.experiment)
        grid = {**experiment["grid"], "epsilons": [*self.epsilons], "seeds": [*self.seeds]}
        return {**config, "experiments": [{**experiment, "grid": grid, "claims": []}]}

    def missing(self) -> str:
        """The data file that it needs and that is not there, relative to the data root; or ""."""
        (experiment,) = self.config()["experiments"]
        file = experiment["dataset"].get("path", "")
        return "" if (data_root(None)[0] / file).exists() else file


#: share of a column's largest number below which a number is what rounding has left of 0
_DUST = 1e-12
#: solutions are exact to 1e-9, tables to six digits
_SOLVED = {
    "runs": {"train_loss": 1e-5, "weight_norm": 1e-5},
    "robustness": {"accuracy": 1e-5, "loss": 1e-5},
    "curvature": {"lambda_max": 1e-5, "trace": 1e-5},
}
#: what five seeds differ by at this radius, rounded up
_TRAINED = {
    "runs": {"train_loss": 0.2, "weight_norm": 0.03},
    "robustness": {"accuracy": 0.2, "loss": 0.25},
    "curvature": {"lambda_max": 0.45, "trace": 0.4},
}
#: what three seeds differ by, rounded up; traces differ by more, even in their sign
_SMOOTH = {
    "runs": {"train_loss": 0.15, "weight_norm": 0.03},
    "robustness": {"accuracy": 0.1, "loss": 0.4},
    "curvature": {"lambda_max": 0.45},
}
#: what five seeds differ by without noise, rounded up: losses next to 0, and few samples matter
_LONG = {
    "runs": {"train_loss": 0.35, "weight_norm": 0.05},
    "robustness": {"accuracy": 0.1},
    "curvature": {"lambda_max": 0.45, "trace": 0.2},
}
PARTS = (
    Part("mnist", "mnist-0-1", (0, 1, 2), (0,), _SOLVED),
    Part("mnist_linf", "mnist-0-1-linf", (0, 0.1, 0.2), (0,), _SOLVED),
    Part("mnist_curvature", "cnn-gelu-mnist", (2,), (0,), _SMOOTH),
    Part("cifar10", "relu", ("64/255",), (0,), _TRAINED),
    Part("cifar10_long", "relu", (0,), (0,), _LONG),
)


def run(part: Part, folder: Path) -> Path:
    """Make a part's tables; their folder.

    Raises:
        RuntimeError: Snakemake fails; the text is the end of what it said.
    """
    config, file = part.config(), folder / "part.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    results = f"results/{config['study']}/tables"
    data, downloads = data_root(None)
    # in the part's own folder a relative path would lead elsewhere
    environment = os.environ if downloads else {**os.environ, "ADVSCAPE_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory",
         str(folder), "--configfile", str(file), "--cores", os.environ.get("CORES", "all"),
         *(f"{results}/{table}.csv" for table in part.allowed)],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return folder / results


def compared(part: Part, tables: Path, reference: Path) -> Iterator[tuple[str, bool]]:
    """What is to be said of each column, and whether it is as it should be.

    Args:
        part: what was run.
        tables: the folder of its tables.
        reference: that of the committed ones.
    """
    for table, columns in part.allowed.items():
        mine = _without_dust(_last(read_texts(tables / f"{table}.csv")), columns)
        theirs = of_part(read_texts(reference / f"{table}.csv"), part)
        theirs = _without_dust(_last(theirs), columns)
        # where the reference has fewer rows these were left out of it
        found = table_difference(table, theirs, mine)
        if found.rows == 0 or found.only[0]:
            yield f"{table}: {found.only[0]} of {len(theirs)} rows were not made again", False
            continue
        off = {column.column: column for column in found.columns}
        for column, allowed in columns.items():
            difference = off.get(column)
            relative = difference.relative if difference else 0.0
            good = relative <= allowed and not (difference and difference.one_empty)
            words = f"{table}: {column} of {found.rows} rows within {relative:.2g}"
            words += f" of the committed ones (allowed: {allowed:g})"
            if difference and not good:
                words += f"; {difference.row}: {' and '.join(difference.values)}"
            yield words, good


def of_part(rows: pd.DataFrame, part: Part) -> pd.DataFrame:
    """Those rows of a committed table that the part makes again."""
    chosen = rows["experiment"] == part.experiment
    chosen &= rows["epsilon"].astype(float).isin([fraction(epsilon) for epsilon in part.epsilons])
    return rows[chosen & rows["seed"].isin(map(str, part.seeds))]


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the last weights: the best are those of an epoch that may be another one."""
    return rows[rows["checkpoint"] == "last"] if "checkpoint" in rows else rows


def _without_dust(rows: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The rows with 0 for what rounding has left of it: no two machines agree on that."""
    for column in columns:
        numbers = pd.to_numeric(rows[column]).abs()
        dust = numbers < _DUST * numbers.max()
        rows = rows.assign(**{column: rows[column].where(~dust, "0")})
    return rows


def main() -> int:
    """Run all parts whose data are there; 0 if everything is as it should be, else 1."""
    bad, without = 0, 0
    for part in PARTS:
        started = time.perf_counter()
        print(f"== {part.study}: {part.words}", flush=True)
        if missing := part.missing():
            without += 1
            how = f"docs/results/{part.study}.md says how to make it"
            print(f"   not run: there is no {missing} under ADVSCAPE_DATA; {how}", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                lines = list(compared(part, run(part, Path(folder)), REFERENCE / part.study))
            except RuntimeError as error:
                lines = [(str(error), False)]
        for line, good in lines:
            bad += not good
            print(f"   {'ok' if good else 'NOT OK'}  {line}", flush=True)
        print(f"   {time.perf_counter() - started:.0f} s", flush=True)
    print("== all is as committed" if not bad else f"== {bad} of these are not as committed")
    if without:
        print(f"== {without} of {len(PARTS)} parts were not run, since their data are not there")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
