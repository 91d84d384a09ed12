import os
from pathlib import Path

# Processes share the cores out between them (pytest -n), and a process's sums have one order.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
import torch
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]
#: Python imports it in processes that a test starts; here it would add its kinds to every test
collect_ignore = ["workflow/outside"]


def pytest_collection_modifyitems(items):
    """Those that run Snakemake first: a long file that begins last keeps one core waiting."""
    items.sort(key=lambda item: "tests/workflow" not in item.nodeid)


@pytest.fixture(autouse=True)
def _no_data_root(monkeypatch, request):
    """Tests say themselves where data lies; only those marked for real data see the user's."""
    if "real_data" not in request.fixturenames:
        monkeypatch.delenv("ADVSCAPE_DATA", raising=False)


@pytest.fixture
def real_data():
    """The folder with real MNIST and CIFAR-10, or a skip that says so."""
    folder = os.environ.get("ADVSCAPE_DATA")
    if not folder:
        pytest.skip("ADVSCAPE_DATA is not set: no real data here")
    return Path(folder)


@pytest.fixture
def torch_as_it_was():
    """What a job sets for its process is put back after the test."""
    threads = torch.get_num_threads()
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)
    torch.compiler.set_stance("default")


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)
