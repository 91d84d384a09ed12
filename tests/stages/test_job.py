"""How a job ends: in one line, with all else in its log."""

import json

import pytest

from advscape.errors import UserError
from advscape.stages.job import running

SPEC = json.dumps({"config": {}, "cell": {}, "code": "x"})


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


@pytest.mark.parametrize(
    ("error", "line", "traceback"),
    [
        (UserError("grid: got 1; allowed: 2"), "grid: got 1; allowed: 2", False),
        (ZeroDivisionError("by\n  zero"), "ZeroDivisionError: by zero (traceback in {log})", True),
        (KeyError(), "KeyError (traceback in {log})", True),
        (MemoryError("8 GiB"), "memory does not suffice: 8 GiB (traceback in {log})", True),
        (OutOfMemoryError(), "memory does not suffice (traceback in {log})", True),
    ],
)
def test_a_failed_job_ends_in_one_line(error, line, traceback, tmp_path):
    log = tmp_path / "logs" / "job.log"
    with pytest.raises(SystemExit) as end, running(SPEC, log):
        raise error
    assert end.value.code == line.format(log=log)
    assert ("Traceback" in log.read_text()) == traceback


def test_a_job_that_ends_itself_is_left_alone(tmp_path):
    with pytest.raises(SystemExit) as end, running(SPEC, tmp_path / "job.log"):
        raise SystemExit(3)
    assert end.value.code == 3
