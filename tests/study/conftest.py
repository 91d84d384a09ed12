"""What the tests of a study share."""

import pytest


@pytest.fixture(scope="module")
def monkeypatch_module(tmp_path_factory):
    """A working folder without data, and no data root, for all examples of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ADVSCAPE_DATA", raising=False)
        patch.chdir(tmp_path_factory.mktemp("study"))
        yield patch
