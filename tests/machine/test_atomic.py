import os
import resource
import signal
import stat

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from advscape.errors import UserError
from advscape.machine.atomic import replacing, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "table.csv"
    write_text(file, "old")

    def fail():
        with replacing(file) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_folders_are_made_and_the_suffix_is_kept(tmp_path):
    file = tmp_path / "a/b/figure.png"
    with replacing(file) as temporary:
        assert temporary.suffix == ".png"
        temporary.write_bytes(b"x")
    assert file.read_bytes() == b"x"


WRITERS = {
    "text": lambda path: path.write_text("x" * 10_000),
    "arrays": lambda path: np.savez(path, x=np.zeros(10_000)),
    "weights": lambda path: save_file({"x": np.zeros(10_000)}, path),
    "table": lambda path: pd.DataFrame({"x": np.zeros(10_000)}).to_csv(path),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_write_that_the_system_refuses_is_one_line(tmp_path, write):
    """The limit of a file's size stands in for a full disk: the same way out of the same calls."""
    file = tmp_path / "file.npz"
    write_text(file, "old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(UserError) as caught, replacing(file) as temporary:
            write(temporary)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert str(caught.value) == f"cannot write {file}: File too large"
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_files_are_readable_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "weights.safetensors") as temporary:
            save_file({"w": np.ones(2)}, temporary)
        write_text(tmp_path / "text", "")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o640}


def test_another_error_stays_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a"):
        (tmp_path / "b").read_text()
