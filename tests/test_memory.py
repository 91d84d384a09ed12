import pytest
import torch

from advscape.errors import UserError
from advscape.memory import MicroBatch


def holds(limit):
    def work(size):
        if size > limit:
            raise torch.OutOfMemoryError
        return size

    return work


@pytest.mark.parametrize(("limit", "size"), [(100, 100), (99, 50), (12, 7), (1, 1)])
def test_halved_until_it_fits(limit, size):
    micro = MicroBatch(100)
    assert micro.run(holds(limit)) == size
    assert micro.size == size


def test_nothing_fits():
    with pytest.raises(UserError, match="a single sample"):
        MicroBatch(8).run(holds(0))
