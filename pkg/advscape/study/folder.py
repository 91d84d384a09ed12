"""The folders that a study is run with: where it works, for temporary files, of the library."""

import os
import sys
import tempfile
from pathlib import Path

from advscape.errors import UserError


def check_writable(folder: Path) -> None:
    """Refuse a folder in which Snakemake could not keep its records.

    Raises:
        UserError: it, or its ``.snakemake``, must not be written to.
    """
    records = folder / ".snakemake"
    place = records if records.exists() else folder
    if not os.access(place, os.W_OK | os.X_OK):
        raise UserError(
            f"cannot write in {place}, where Snakemake keeps its records: make it writable, or "
            "work in a copy (cp -a)"
        )


def use_writable_temporary_folder() -> None:
    """Let ``TMPDIR`` name a folder that can be written, for this process and those it starts.

    Python tries it and takes another where it is full; Snakemake's scheduler believes it, and ends
    in a traceback.

    Raises:
        UserError: nothing can be written, neither there nor in /tmp, /var/tmp or here.
    """
    given = os.environ.get("TMPDIR")
    try:
        usable = tempfile.gettempdir()
    except OSError as error:
        raise UserError(
            f"TMPDIR: got {given or 'nothing'}; allowed: a folder that can be written, and is not "
            "full (nor can /tmp, /var/tmp or this folder)"
        ) from error
    if given and Path(given).absolute() != Path(usable).absolute():
        print(f"TMPDIR: {given} cannot be written, or is full; {usable} is used", file=sys.stderr)
        os.environ["TMPDIR"] = usable


def share_library(folder: str) -> None:
    """Let the processes that this one starts, as the jobs' scripts, import from a folder first."""
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([folder, *([others] if others else [])])
