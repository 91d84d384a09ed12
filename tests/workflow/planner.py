"""What Snakemake would run, without its start-up each time.

Each call of Snakemake is a process of its own, forked from one that has imported Snakemake and
this library already. Importing them takes longer than planning a small study.
"""

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.forks import FORKS


@dataclass(frozen=True)
class Job:
    """A job that would run: its rule, its wildcards and its files."""

    rule: str
    wildcards: dict[str, str]
    output: list[str]

    @property
    def label(self) -> str:
        """The rule and what it is about, whatever the epsilon and the seed."""
        about = ("experiment", "table", "dataset")
        return " ".join([self.rule, *(self.wildcards[a] for a in about if a in self.wildcards)])


class Refused(Exception):
    """Snakemake ended with an error; the text is what it said."""


def plan(snakefile, folder, configfile, *arguments):
    """Jobs that would run now, without `all`; Refused with what Snakemake said if it refuses."""
    arguments = ["--dry-run", "--cores", "2", *arguments]
    code, said = call(snakefile, folder, configfile, *arguments)
    if code != 0:
        raise Refused(said)
    return [job for job in _jobs(said) if job.rule != "all"]


def call(snakefile, folder, configfile, *arguments):
    """Exit code and output of one call of Snakemake in a folder; it must start no jobs."""
    here, there = FORKS.Pipe(duplex=False)
    argv = ["--snakefile", str(snakefile), "--configfile", str(configfile), *arguments]
    process = FORKS.Process(target=_snakemake, args=(there, str(folder), argv))
    process.start()
    there.close()
    try:
        return here.recv()
    finally:
        process.join()


def _snakemake(answer, folder, argv):
    os.chdir(folder)
    # as with `python -m snakemake`
    sys.path.insert(0, folder)
    library = Path(argv[1]).parent / "pkg"
    if Path(sys.modules["advscape"].__file__).parents[1] != library:
        for name in [name for name in sys.modules if name.split(".")[0] == "advscape"]:
            del sys.modules[name]
    from snakemake.cli import main
    from snakemake.executors import touch

    touch.Executor.SLEEPING_TIME = 0
    said = io.StringIO()
    code = 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main(argv)
        except SystemExit as end:
            code = end.code
            if isinstance(code, str):
                said.write(code)
    answer.send((code, said.getvalue()))


def _jobs(said):
    jobs = []
    for line in said.splitlines():
        if line.startswith(("rule ", "localrule ")):
            jobs.append(Job(line.split()[1].rstrip(":"), {}, []))
        elif line.startswith("    output: "):
            jobs[-1].output.extend(line.removeprefix("    output: ").split(", "))
        elif line.startswith("    wildcards: "):
            pairs = line.removeprefix("    wildcards: ").split(", ")
            jobs[-1].wildcards.update(pair.split("=", 1) for pair in pairs)
    return jobs
