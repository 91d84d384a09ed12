"""Processes that want the same job: one at a time, and what it made is made once."""

import os
import signal
import subprocess
import sys
import time

import pytest

JOB = """
import logging, sys
from pathlib import Path
from advscape.machine.job_lock import only_one
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
name, key, folder = sys.argv[1:]
with only_one(name, key, Path(folder), every_s=0.01) as made:
    print("made" if made else "making", flush=True)
    if sys.stdin.read() == "fail":
        raise SystemExit("failed")
"""


#: the same as scripts do it
SCRIPT = """
import sys
from advscape.stages.job import running
log, given, made = sys.argv[1:]
with running("{}", log, inputs=[given], outputs=[made]):
    print("making", flush=True)
    sys.stdin.read()
    open(made, "w").close()
"""


@pytest.fixture
def run(tmp_path):
    """Start a process; what still runs at the test's end is killed."""
    started = []

    def go(code, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)], env={"TMPDIR": str(tmp_path)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield go
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def start(run, tmp_path):
    return lambda key="same", name="log": run(JOB, tmp_path / name, key, tmp_path)


def said(process):
    return process.stdout.readline().strip()


def end(process, how=""):
    process.communicate(how)
    return process.returncode


@pytest.fixture
def pair(start):
    """One at work, and one that waits for it."""

    def go(key="same"):
        first = start()
        assert said(first) == "making"
        second = start(key)
        assert "another process" in said(second)
        assert said(second) == "waiting for its end"
        return first, second

    return go


def test_second_takes_what_the_first_made(pair):
    first, second = pair()
    assert end(first) == 0
    assert said(second) == "made"


def test_second_makes_it_when_the_first_fails(pair):
    first, second = pair()
    assert end(first, "fail") == 1
    assert said(second) == "making"


def test_second_makes_it_when_the_first_is_killed(pair):
    first, second = pair()
    first.send_signal(signal.SIGKILL)
    assert said(second) == "making"


def test_second_makes_it_when_the_first_was_killed_after_an_earlier_end(start, pair):
    assert end(start()) == 0
    first, second = pair()
    first.send_signal(signal.SIGKILL)
    assert said(second) == "making"


def test_second_makes_it_when_the_first_made_something_else(pair):
    first, second = pair(key="else")
    assert end(first) == 0
    assert said(second) == "making"


def test_nobody_waits_for_another_job(start):
    first, second = start(), start(name="log2")
    assert said(first) == said(second) == "making"


def test_what_was_made_before_is_made_again(start):
    """Asked for again with --forcerun, say."""
    for _ in range(2):
        process = start()
        assert said(process) == "making"
        assert end(process) == 0


@pytest.mark.parametrize("changed", [False, True])
def test_a_script_takes_files_that_were_made_from_the_same_inputs(run, tmp_path, changed):
    log, given, made = (tmp_path / name for name in ("log", "given", "made"))
    given.touch()
    first = run(SCRIPT, log, given, made)
    assert said(first) == "making"
    if changed:
        os.utime(given, (1, 1))
    second = run(SCRIPT, log, given, made)
    while not log.exists() or "waiting for its end" not in log.read_text():
        assert second.poll() is None
        time.sleep(0.01)
    assert end(first) == 0
    assert said(second) == ("making" if changed else "")
    assert end(second) == 0
    assert made.exists()
    assert ("nothing left to do" in log.read_text()) is not changed
