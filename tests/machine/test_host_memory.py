import ctypes
import subprocess
import sys

import pytest

#: pages that the kernel hands out for a tensor of 64 MiB after some of the same size were freed
AGAIN = """
import resource, sys
import torch
from advscape.machine.host_memory import keep_freed_memory

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(2**24).sum()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "kept":
    keep_freed_memory()
for _ in range(20):  # the first ones leave small gaps, which other things fill
    last = pages()
print(last)
"""


def pages(how):
    command = [sys.executable, "-c", AGAIN, how]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_memory_of_a_freed_tensor_is_used_again():
    assert pages("given back") > 1000
    assert pages("kept") < 100
