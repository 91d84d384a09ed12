"""Processes that begin with what takes seconds to import.

Python has one server to fork them from, so all tests share what it imports before.
"""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.preloaded"])
