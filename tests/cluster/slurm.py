"""A SLURM of two nodes on one machine: no root, no systemd, no database, all in one folder.

`python -m tests.cluster.slurm FOLDER` keeps the one described in FOLDER until its standard input
ends, and then stops all that ran in it: so none outlives the tests, however they end.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil

#: where Debian has daemons, which an ordinary user's PATH leaves out
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])
DAEMONS = ("munged", "slurmctld", "slurmd")
PROGRAMS = (*DAEMONS, "munge", "sbatch", "srun", "squeue", "scancel", "sinfo", "scontrol")
NODES = ("n1", "n2")
#: in the environment of all that a cluster starts: its folder
MARK = "ADVSCAPE_TEST_CLUSTER"

CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.sock
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# more than the machine has: memory is handed out here, not enforced
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
ReturnToService=2
# seconds of silence until a node counts as lost
SlurmdTimeout=15
# seconds from the SIGTERM at the time limit to the SIGKILL
KillWait=2
# without a database squeue has to know ended jobs
MinJobAge=3600
EnforcePartLimits=ALL
GresTypes=gpu
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{second}] CPUs=3 \
RealMemory=64000 Gres=gpu:a100:1 State=UNKNOWN
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=n2 MaxTime=INFINITE State=UP
"""
# any character device will do for a GPU that nobody touches
GRES = "AutoDetect=off\nNodeName=n[1-2] Name=gpu Type=a100 File=/dev/null\n"
# the plugin's jobstep takes SLURM_CONF away from its srun
SRUN = '#!/bin/sh\nexport SLURM_CONF={folder}/slurm.conf\nexec {srun} "$@"\n'


def missing() -> str | None:
    """One line that says what has to be installed, or None."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if absent:
        return (
            f"the cluster tests need SLURM; not found: {', '.join(absent)}. On Debian or Ubuntu: "
            "apt-get install --no-install-recommends slurmctld slurmd slurm-client munge"
        )
    if find_spec("snakemake_executor_plugin_slurm") is None:
        return "the cluster tests need Snakemake's SLURM plugin: make slurm"
    return None


class Slurm:
    """A running cluster.

    Attributes:
        environment: of processes that are to use it.
    """

    def __init__(self):
        # not pytest's folder: its name is too long for a socket, and only its owner may enter it
        self._folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.environment = _environment(self._folder)
        self._mended: list[subprocess.Popen] = []
        self._write()
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster.slurm", str(self._folder)],
            cwd=Path(__file__).resolve().parents[2],
            env=self.environment,
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops it
        )

    def _write(self) -> None:
        folder, controller = self._folder, _free_ports(1)
        first = _free_ports(len(NODES))
        host = socket.gethostname().split(".")[0]
        user = psutil.Process().username()
        (folder / "slurm.conf").write_text(
            CONFIG.format(
                folder=folder, host=host, user=user, controller=controller, first=first,
                second=first + 1,
            )
        )  # fmt: skip
        (folder / "gres.conf").write_text(GRES)
        shim = folder / "bin/srun"
        shim.parent.mkdir()
        shim.write_text(SRUN.format(folder=folder, srun=shutil.which("srun", path=PATH)))
        shim.chmod(0o755)
        folder.chmod(0o755)  # munged wants its socket's folder open, and its key's closed
        (folder / "key").mkdir(mode=0o700)
        key = folder / "key/munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))

    def wait_until_up(self, seconds: float = 60.0) -> None:
        """Return when both nodes are idle.

        Raises:
            RuntimeError: they are not in time, with the ends of the logs.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.run("sinfo", "-h", "-N", "-p", "main", "-o", "%t").split() == ["idle"] * len(
                NODES
            ):
                return
            time.sleep(0.2)
        logs = [f"{log}:\n{log.read_text()[-1000:]}" for log in self._folder.glob("*.out.log")]
        raise RuntimeError("SLURM did not come up\n" + "\n".join(logs))

    def stop(self) -> None:
        """End all that runs in it, and remove its folder."""
        self._keeper.stdin.close()
        self._keeper.wait(60)

    def run(self, *command: str) -> str:
        """What a command of SLURM prints; nothing where it fails."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return subprocess.run(
                command, env=self.environment, capture_output=True, text=True, timeout=10
            ).stdout
        return ""

    def queue(self, *options: str) -> list[str]:
        """Ids of the jobs that wait or run."""
        return self.run("squeue", "-h", "-o", "%i", *options).split()

    def show(self, job: str) -> dict[str, str]:
        """What SLURM knows of a job."""
        words = self.run("scontrol", "-o", "show", "job", job).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    @contextlib.contextmanager
    def lost(self, node: str) -> Iterator[None]:
        """End a node as a power cut would, daemon and jobs at once; it comes back afterwards."""
        steps = tuple(f"slurmstepd: [{job}." for job in self.queue("-w", node))
        lost = [psutil.Process(int((self._folder / f"slurmd-{node}.pid").read_text()))]
        for process in _marked(self._folder):
            if " ".join(process.cmdline()).startswith(steps):
                lost += [process, *process.children(recursive=True)]
        for process in lost:
            process.kill()
        try:
            yield
        finally:
            self._mended.append(_start(self._folder, node))
            self.wait_until_up()


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: v for name, v in os.environ.items() if not name.startswith(("SLURM", "SBATCH"))}
    path = os.pathsep.join([str(folder / "bin"), PATH])
    return {**kept, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf"), MARK: str(folder)}


def _free_ports(count: int) -> int:
    """The first of some ports in a row that nobody listens on."""
    while True:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            for i in range(1, count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port + i))
            return port


def _marked(folder: Path) -> list[psutil.Process]:
    """All processes that the cluster started, this one aside."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(folder):
                found[process.pid] = process
                parent = process.parent()
                # its title overwrites its environment
                if parent is not None and parent.name() == "slurmstepd":
                    found[parent.pid] = parent
    return list(found.values())


def _keep(folder: Path) -> None:
    """Run the daemons until standard input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    daemons = [_start(folder, "munged")]
    try:
        while not (folder / "munge.sock").exists() and daemons[0].poll() is None:
            time.sleep(0.05)
        daemons += [_start(folder, name) for name in ("slurmctld", *NODES)]
        sys.stdin.read()
    finally:
        _end(folder, {daemon.pid for daemon in daemons})
        for daemon in reversed(daemons):
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(10)
        _end(folder, set())
        shutil.rmtree(folder)


def _start(folder: Path, name: str) -> subprocess.Popen:
    """Start a daemon, or a node's, in the foreground."""
    munge = [
        "munged", "--foreground", "--force", f"--key-file={folder}/key/munge.key",
        f"--seed-file={folder}/key/seed", f"--socket={folder}/munge.sock",
        f"--pid-file={folder}/munged.pid",
    ]  # fmt: skip
    commands = {"munged": munge, "slurmctld": ["slurmctld", "-D"]}
    commands |= {node: ["slurmd", "-D", "-N", node] for node in NODES}
    with open(folder / f"{name}.out.log", "w") as log:
        return subprocess.Popen(
            commands[name], env=_environment(folder), stdin=subprocess.DEVNULL, stdout=log,
            stderr=log,
        )  # fmt: skip


def _end(folder: Path, spared: set[int]) -> None:
    ended = [process for process in _marked(folder) if process.pid not in spared]
    for process in ended:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(ended, timeout=5)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
