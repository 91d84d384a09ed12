"""Whether checkpoints fit their networks, before any job runs.

To see that takes torch, which a start of the workflow does without. So another process looks, and
only at what has not been looked at before.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from advscape.data.digest import file_digests
from advscape.data.root import data_root
from advscape.errors import ConfigError, UserError
from advscape.study.config.study import GivenExperiment, Study
from advscape.study.fingerprint import fingerprint, module_of
from advscape.study.given import Given
from advscape.study.spec import stage_spec

#: in the folder where Snakemake keeps its records: what fitted at an earlier start
_CACHE = Path(".snakemake") / "advscape-checkpoints.json"
_LOOK = "advscape.stages.look"


def check_checkpoints(study: Study, given: Mapping[str, Sequence[Given]]) -> None:
    """Look at every file of weights.

    Args:
        study: the study.
        given: the runs of each experiment with checkpoints.

    Raises:
        UserError: one cannot be read, or does not fit its network; one line that names its key.
        ConfigError: one cannot be opened.
    """
    if not given:
        return
    files, code = [], fingerprint(module_of(f"{_LOOK}:first_problem"))
    for i, experiment in enumerate(study.experiments):
        if not isinstance(experiment, GivenExperiment):
            continue
        runs = given[experiment.name]
        try:
            digests = file_digests(run.place for run in runs)
        except OSError as error:
            raise ConfigError(
                f"experiments[{i}].checkpoints", f"{error.filename} ({error.strerror})",
                "files that can be read",
            ) from None  # fmt: skip
        spec = stage_spec("take", experiment, code)
        for run in runs:
            asked = spec(
                place=str(run.place), digest=digests[run.place], key=run.key, prefix=run.prefix,
                seed=0,
            )  # fmt: skip
            files.append({"at": run.at, "spec": asked})
    _look(files, data_root(study.data_root)[0])


def _look(files: Sequence[dict[str, str]], root: Path) -> None:
    known = _read()
    names = {hashlib.sha256(file["spec"].encode()).hexdigest()[:32]: file for file in files}
    unknown = {name: file for name, file in names.items() if name not in known}
    if not unknown:
        return
    asked = json.dumps({"files": list(unknown.values()), "root": str(root)})
    done = subprocess.run(
        [sys.executable, "-m", _LOOK], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no words"])[-1]
        raise UserError(f"config: checkpoints: looking at them failed: {last}")
    if done.stdout:
        raise UserError(done.stdout)
    try:
        _CACHE.parent.mkdir(exist_ok=True)
        _CACHE.write_text(json.dumps(sorted(known | set(unknown))), encoding="utf-8")
    except OSError:
        pass  # the next start looks again


def _read() -> set[str]:
    try:
        return set(json.loads(_CACHE.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return set()
