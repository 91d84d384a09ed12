"""What every job of a study has in common: a log, an honest end, and a record of its making."""

import copy
import gc
import hashlib
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from advscape.errors import UserError
from advscape.machine.atomic import write_text
from advscape.machine.job_lock import only_one
from advscape.machine.processor import processor_cores, processor_name
from advscape.stages.record import Record
from advscape.study.canonical import read

#: the experiment whose sections a job has
E_co = TypeVar("E_co", covariant=True)

_VERSIONS = (
    "numpy", "scipy", "scikit-learn", "pandas", "torch", "torchvision", "timm", "seaborn",
    "pyautoattack",
)  # fmt: skip


class Job(Generic[E_co]):
    """A running job: what its outputs depend on, and facts about its run for the record."""

    def __init__(self, spec: str, resources: Mapping[str, Any] | None = None):
        """Read the job's parameter and start its clock.

        Args:
            spec: what the job's outputs depend on.
            resources: what Snakemake gave the job to run with; no output depends on them.
        """
        self.spec = read(spec)
        self.resources = dict(resources or {})
        self.started = time.time()
        self.facts: dict[str, Any] = {}

    @property
    def config(self) -> dict[str, Any]:
        """What the job depends on of the config, as JSON has it."""
        config: dict[str, Any] = self.spec["config"]
        return config

    @property
    def sections(self) -> E_co:
        """The same as typed sections of an experiment, those that the job depends on."""
        return cast("E_co", Record(self.config))

    @property
    def cell(self) -> dict[str, Any]:
        """The run or runs of the job."""
        cell: dict[str, Any] = self.spec["cell"]
        return cell

    @property
    def anew(self) -> bool:
        """Whether the job was forced: what an earlier one kept on the way is not taken up."""
        return bool(self.resources.get("anew", 0))

    @property
    def eigenvalues(self) -> int:
        """How many eigenvalues of a network will be asked for; a trial's outputs are the same."""
        return int(self.resources.get("eigenvalues", 1))

    def runs(self) -> list["Job[E_co]"]:
        """The networks that share this job, each as a job of its own run; facts go to this one."""
        runs = []
        for seed in self.cell["seeds"]:
            run = copy.copy(self)
            others = {name: value for name, value in self.cell.items() if name != "seeds"}
            run.spec = {**self.spec, "cell": {**others, "seed": seed}}
            runs.append(run)
        return runs

    @property
    def key(self) -> str:
        """Hash of the spec: state on disk may be taken up by a job of the same key only."""
        text = json.dumps(self.spec, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def write_provenance(self, path: str | Path) -> None:
        """Record what made the job's outputs: spec, versions, machine, threads, wall time."""
        record = {
            **self.spec,
            "advscape": version("advscape") if _installed("advscape") else None,
            "python": platform.python_version(),
            "versions": {name: version(name) for name in _VERSIONS if _installed(name)},
            "platform": platform.platform(),
            "processor": processor_name(),
            "cores": processor_cores(),
            "omp_threads": os.environ.get("OMP_NUM_THREADS"),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
            "wall_s": round(time.time() - self.started, 3),
            **self.facts,
        }
        write_text(path, json.dumps(record, indent=2, sort_keys=True) + "\n")


@contextmanager
def running(
    spec: str,
    log: str | Path,
    resources: Mapping[str, Any] | None = None,
    inputs: Iterable[str] = (),
    outputs: Iterable[str] = (),
) -> Iterator[Job[Any]]:
    """Run a job: its log lines go to ``log``, and a failure ends it with one line.

    A :class:`UserError` says what to do; for any other error the log has the traceback.

    If a killed Snakemake left a process that runs the same job, this one waits for its end. If that
    process made all ``outputs`` from the same ``inputs``, there is nothing left to do, and the
    script ends here.

    Scripts switch the garbage collector off while they import. Here it is switched on again and
    told to leave out what was imported: importing torch and ending then takes 1.4 instead of 2.2 s
    of CPU time.

    Raises:
        SystemExit: the job failed, with one line; or nothing is left to do.
        KeyboardInterrupt: it was interrupted.
    """
    gc.freeze()
    gc.enable()
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    Path(log).unlink(missing_ok=True)
    # appending, since what the job starts may write here too
    handler = logging.FileHandler(log, mode="a", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("advscape")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(handler)
    try:
        job: Job[Any] = Job(spec, resources)
        with only_one(log, job.key + _state(inputs)) as made:
            if made and (files := list(outputs)) and all(Path(file).exists() for file in files):
                logger.info("nothing left to do")
                sys.exit()
            yield job
    except UserError as error:
        logger.error("%s", error)
        sys.exit(str(error))
    except (SystemExit, KeyboardInterrupt):
        raise
    except Exception as error:
        logger.exception("the job failed")
        sys.exit(unexpected(error, log))
    finally:
        logger.removeHandler(handler)
        logging.getLogger("py.warnings").removeHandler(handler)
        handler.close()


def unexpected(error: Exception, log: str | Path) -> str:
    """One line on an error that nobody foresaw: what it is, and where its traceback is."""
    name = type(error).__name__
    # torch's out-of-memory errors are RuntimeErrors, numpy's is a MemoryError
    out_of_memory = isinstance(error, MemoryError) or name == "OutOfMemoryError"
    what = "memory does not suffice" if out_of_memory else name
    message = " ".join(str(error).split())
    return f"{what}{': ' if message else ''}{message} (traceback in {log})"


def _state(inputs: Iterable[str]) -> str:
    """Hash of what tells whether files have changed, without reading them."""
    stats = [(str(file), Path(file).stat()) for file in inputs]
    text = json.dumps([(file, stat.st_size, stat.st_mtime_ns) for file, stat in stats])
    return hashlib.sha256(text.encode()).hexdigest()


def _installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec({"scikit-learn": "sklearn"}.get(name, name)) is not None
