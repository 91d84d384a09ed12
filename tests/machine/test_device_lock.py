"""Real processes that compete for devices, one of them killed."""

import os
import select
import signal
import subprocess
import sys
from collections import Counter

import pytest

HOLDS = """
import logging, sys
from pathlib import Path
from advscape.machine.device_lock import take_device
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
folder, devices, jobs_per_device = sys.argv[1:]
index = take_device(devices.split(","), int(jobs_per_device), Path(folder), every_s=0.01)
print("index", index, flush=True)
sys.stdin.read()
"""

#: fails if another process is on the device at the same time
USES = """
import os, sys, time
from pathlib import Path
from advscape.machine.device_lock import take_device
folder = Path(sys.argv[1])
mark = folder / f"used-{take_device(['a', 'b', 'c'], 1, folder, every_s=0.001)}"
os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
time.sleep(0.02)
mark.unlink()
"""


class Holder:
    """A process that takes a device and keeps it until it is told to end, or killed."""

    def __init__(self, folder, devices="a,b", jobs_per_device=1):
        command = [sys.executable, "-c", HOLDS, str(folder), devices, str(jobs_per_device)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0)

    def line(self, within_s=30.0):
        """The next line that it prints, or nothing if there is none so soon."""
        if not select.select([self.process.stdout], [], [], within_s)[0]:
            return None
        return self.process.stdout.readline().decode().strip()

    @property
    def index(self):
        line = self.line()
        while not line.startswith("index"):
            assert line, "it ended, or took too long"
            line = self.line()
        return int(line.split()[1])

    def end(self):
        self.process.communicate()


@pytest.fixture
def start(tmp_path):
    started = []

    def start(**arguments):
        started.append(Holder(tmp_path / "locks", **arguments))
        return started[-1]

    yield start
    for holder in started:
        holder.process.kill()
        holder.process.communicate()


@pytest.mark.parametrize("count", [1, 2, 4])
def test_each_process_gets_a_device_of_its_own(start, count):
    devices = ",".join("abcd"[:count])
    holders = [start(devices=devices) for _ in range(count)]
    assert sorted(holder.index for holder in holders) == list(range(count))


@pytest.mark.parametrize("end", ["killed", "done"])
def test_one_too_many_waits_for_the_first_that_ends(start, end):
    holders = [start(), start()]
    taken = [holder.index for holder in holders]
    waiting = start()
    assert waiting.line() == "all GPUs are taken by other jobs: a, b; waiting"
    assert waiting.line(within_s=0.2) is None
    if end == "killed":
        os.kill(holders[1].process.pid, signal.SIGKILL)
    else:
        holders[1].end()
    assert waiting.index == taken[1]


def test_jobs_that_share_are_spread_first(start):
    first = [start(jobs_per_device=2).index for _ in range(2)]
    assert sorted(first) == [0, 1]
    second = [start(jobs_per_device=2).index for _ in range(2)]
    assert Counter(first + second) == {0: 2, 1: 2}
    assert "waiting" in start(jobs_per_device=2).line()


def test_a_job_that_shares_does_not_join_one_that_does_not(start):
    assert start(devices="a").index == 0
    sharing = start(devices="a,b", jobs_per_device=2)
    assert sharing.index == 1
    assert "waiting" in start(devices="b").line()


def test_devices_are_known_by_name_whatever_is_visible(start):
    assert start(devices="b").index == 0
    assert start(devices="a,b").index == 0
    assert "waiting" in start(devices="b,a").line()


def test_no_two_processes_are_on_a_device_at_once(tmp_path):
    command = [sys.executable, "-c", USES, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(12)]
    assert [process.wait() for process in processes] == [0] * 12
