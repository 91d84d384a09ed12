"""Temporary files go where they can be written."""

import os
import tempfile

import pytest

from advscape.errors import UserError
from advscape.study.folder import use_writable_temporary_folder


@pytest.fixture(autouse=True)
def _tried_again(monkeypatch, tmp_path):
    """Python remembers the folder that it found, as for ``tmp_path``."""
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_folder_that_can_be_written_stays(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    use_writable_temporary_folder()
    assert os.environ["TMPDIR"] == str(tmp_path)
    assert capsys.readouterr().err == ""


def test_one_that_cannot_is_replaced_and_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    use_writable_temporary_folder()
    with tempfile.TemporaryFile(dir=os.environ["TMPDIR"]) as file:
        file.write(b"x")
    assert f"TMPDIR: {tmp_path / 'file'} cannot be written, or is full; " in capsys.readouterr().err


def test_where_nothing_can_be_written_it_is_one_line(monkeypatch):
    def nowhere():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(UserError, match=r"TMPDIR: got .*; allowed: a folder that can be written"):
        use_writable_temporary_folder()
