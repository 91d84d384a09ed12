import pytest
import torch

from advscape.device import describe, set_up
from advscape.errors import UserError


def test_threads_are_those_of_the_config():
    before = torch.get_num_threads()
    try:
        device = set_up({"device": "cpu", "threads": 1})
        assert torch.get_num_threads() == 1
        assert describe(device) == "cpu"
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_one_clear_line():
    with pytest.raises(UserError, match="torch finds no GPU here; use auto or cpu"):
        set_up({"device": "cuda", "threads": 1})
