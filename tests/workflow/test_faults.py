"""What goes wrong on one machine, and what is lost: nothing that was finished.

docs/reliability.md lists these tests; tests/cluster has those that need SLURM.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import time

import psutil
import pytest

from tests.workflow.conftest import Workflow

TARGET = "results/smoke/tables/runs.csv"
WEIGHTS = "runs/logistic-digits/seed~{}/weights.safetensors"


def linear_study(folder):
    """Dataset, two seeds of a linear model, and their table."""
    folder.mkdir(exist_ok=True)
    workflow = Workflow(folder)
    (experiment,) = workflow.config["experiments"] = workflow.config["experiments"][:1]
    experiment["grid"] = {"epsilons": [0, 0.5], "seeds": [0, 1], "noise": ["aligned"]}
    return workflow


@pytest.fixture
def workflow(tmp_path):
    return linear_study(tmp_path / "study")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    made = linear_study(tmp_path_factory.mktemp("undisturbed"))
    made.snakemake(TARGET)
    return made


@pytest.fixture
def start():
    """Start Snakemake and return at once; what still runs at the test's end is killed."""
    started = []

    def go(workflow, *arguments):
        command = [*workflow.command(), "--cores", "1", *arguments]
        with open(workflow.folder / "said", "w") as said:
            started.append(
                subprocess.Popen(
                    command, cwd=workflow.folder, stdout=said, stderr=said, start_new_session=True
                )
            )
        return started[-1]

    yield go
    for process in started:
        power_cut(process)


def power_cut(process):
    """End Snakemake and its jobs at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return met


def assert_same_weights(workflow, undisturbed):
    for seed in (0, 1):
        name = WEIGHTS.format(seed)
        assert (workflow.results / name).read_bytes() == (undisturbed.results / name).read_bytes()


def stamps(workflow):
    """When each output was written, its log and benchmark aside."""
    return {
        file: (file.stat().st_ino, file.stat().st_mtime_ns)
        for file in workflow.results.rglob("*")
        if file.is_file() and not {"logs", "benchmarks"} & set(file.parts)
    }


def test_power_cut_leaves_a_lock_and_incomplete_files(workflow, undisturbed, start):
    """Unlock, start again: what was finished stays, what was begun is made again."""
    process = start(workflow, TARGET)
    wait_for(lambda: "2 of 4 steps" in (workflow.folder / "said").read_text())
    begun = workflow.folder / ".snakemake/incomplete"
    wait_for(lambda: any(begun.iterdir()))
    power_cut(process)
    finished = stamps(workflow)
    (seed,) = [seed for seed in (0, 1) if not (workflow.results / WEIGHTS.format(seed)).exists()]
    half = workflow.results / WEIGHTS.format(seed)
    half.write_bytes(b"half of a file")  # as a file system may leave it

    locked = workflow.snakemake(TARGET, check=False)
    assert locked.returncode != 0
    assert "Directory cannot be locked" in locked.stderr
    assert "--unlock" in locked.stderr
    assert "Traceback" not in locked.stderr

    workflow.snakemake("--unlock")
    workflow.snakemake(TARGET)
    assert_same_weights(workflow, undisturbed)
    assert finished.items() <= stamps(workflow).items()


def test_snakemake_alone_killed(workflow, start):
    """Its job goes on, and the one that the next start begins waits for it and takes its files."""
    grid = workflow.config["experiments"][0]["grid"]
    grid |= {"epsilons": [cell / 1000 for cell in range(500)], "seeds": [0]}  # takes a second
    first = start(workflow, TARGET)
    script = wait_for(lambda: train_script(first))
    script.suspend()  # or it might be done before the second looks
    first.kill()
    first.wait()
    workflow.snakemake("--unlock")
    second = start(workflow, TARGET)
    log = workflow.results / "logs/train/logistic-digits/seed~0.log"
    wait_for(lambda: log.exists() and "waiting for its end" in log.read_text())
    script.resume()
    assert second.wait(120) == 0
    assert log.read_text().splitlines()[-1].endswith("nothing left to do")
    assert workflow.planned(TARGET) == {}
    made = (workflow.results / WEIGHTS.format(0)).read_bytes()
    workflow.snakemake("--forcerun", "train_linear", "--", TARGET)
    assert (workflow.results / WEIGHTS.format(0)).read_bytes() == made


def train_script(snakemake):
    """The process of a training that has begun to work."""
    for process in psutil.Process(snakemake.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended since
            if "train_linear" in " ".join(process.cmdline()):
                locks = [file for file in process.open_files() if "/job-" in file.path]
                if locks:
                    return process
    return None


def test_two_snakemakes_at_once(workflow, undisturbed, start):
    """The second is refused, and the first does not notice."""
    first = start(workflow, TARGET)
    wait_for(lambda: "1 of 4 steps" in (workflow.folder / "said").read_text())
    first.send_signal(signal.SIGSTOP)  # or it might be done before the second looks
    second = workflow.snakemake(TARGET, check=False)
    first.send_signal(signal.SIGCONT)
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.wait(120) == 0
    assert_same_weights(workflow, undisturbed)
    assert workflow.planned(TARGET) == {}


def test_file_too_large_for_its_place(workflow, undisturbed):
    """What a disk quota does, on any machine."""
    done = subprocess.run(
        [*workflow.command(), "--cores", "2", TARGET], cwd=workflow.folder, capture_output=True,
        text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, -1)),
    )  # fmt: skip
    assert done.returncode != 0
    assert "\ncannot write results/smoke/datasets/digits.npz: File too large\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workflow.results / "datasets/digits.npz").exists()
    workflow.snakemake(TARGET)
    assert_same_weights(workflow, undisturbed)


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of its own, of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user must not mount a small disk; the test before this one needs none")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_disk_full(small_disk, undisturbed):
    """Free some space, start again; there is not even a lock to undo."""
    workflow = linear_study(small_disk)
    workflow.snakemake("results/smoke/datasets/digits.npz")
    prepared = stamps(workflow)
    disk = os.statvfs(small_disk)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(disk.f_bavail * disk.f_bsize - 30_000))
    done = workflow.snakemake(TARGET, check=False)
    assert done.returncode != 0
    # perhaps among tracebacks: Snakemake's own log and records lie on that disk too
    assert "No space left on device" in done.stderr
    filler.unlink()
    workflow.snakemake(TARGET)
    assert_same_weights(workflow, undisturbed)
    assert prepared.items() <= stamps(workflow).items()


@pytest.fixture
def bound(workflow):
    """Make folders read-only, and run Snakemake as somebody whom that binds; root is not."""
    binding = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everywhere, and there is no setpriv to give that up")
        binding = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]

    def run(folder, *arguments):
        subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
        return subprocess.run(
            [*binding, *workflow.command(), "--cores", "1", *arguments], cwd=workflow.folder,
            capture_output=True, text=True,
        )  # fmt: skip

    yield run
    subprocess.run(["chmod", "-R", "u+w", str(workflow.folder)], check=True)


def test_read_only_results(workflow, undisturbed, bound):
    shutil.copytree(undisturbed.folder, workflow.folder, dirs_exist_ok=True)
    before = stamps(workflow)
    assert bound(workflow.results, TARGET).returncode == 0
    workflow.config["experiments"][0]["grid"]["seeds"].append(2)
    refused = bound(workflow.results, TARGET)
    assert refused.returncode != 0
    assert "Write-protected output files" in refused.stderr
    assert TARGET in refused.stderr
    assert "Traceback" not in refused.stderr
    assert stamps(workflow) == before


def test_read_only_folder(workflow, undisturbed, bound):
    shutil.copytree(undisturbed.folder, workflow.folder, dirs_exist_ok=True)
    workflow.command()  # writes its config
    subprocess.run(["chmod", "u+w", str(workflow.folder)], check=True)
    refused = bound(workflow.folder / ".snakemake", TARGET)
    assert refused.returncode != 0
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith(f"cannot write in {workflow.folder}/.snakemake, where Snakemake keeps")
    assert "Traceback" not in refused.stderr


def test_results_copied_to_another_place(undisturbed, tmp_path):
    """Nothing runs again, and a changed setting still does."""
    copy = linear_study(tmp_path / "elsewhere")
    for name in ("results", ".snakemake"):
        subprocess.run(["cp", "-a", str(undisturbed.folder / name), copy.folder], check=True)
    assert copy.planned(TARGET) == {}
    copy.config["experiments"][0]["training"]["weight_decay"] = 1e-3
    assert set(copy.planned(TARGET)) == {"train_linear", "table"}


def test_results_copied_without_their_times(undisturbed, tmp_path):
    """Files under 1 MB are known by their content; the dates of larger ones need --touch."""
    copy = linear_study(tmp_path / "elsewhere")
    for name in ("results", ".snakemake"):
        subprocess.run(["cp", "-r", str(undisturbed.folder / name), copy.folder], check=True)
    os.utime(copy.results / "datasets/digits.npz")  # copied last
    assert copy.planned(TARGET) == {}
    as_if_large = ["--max-checksum-file-size", "0"]
    assert "train_linear" in copy.planned(*as_if_large, TARGET)
    copy.snakemake("--touch", *as_if_large, TARGET)
    assert copy.planned(*as_if_large, TARGET) == {}
