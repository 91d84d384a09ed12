"""Learning rates against torch's own schedulers."""

from itertools import pairwise

import pytest
import torch
from torch.optim import lr_scheduler

from advscape.training.schedule import cosine, cyclic, piecewise

STEPS = 40


def course(found):
    return [found(step, STEPS) for step in range(STEPS)]


def torch_course(make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, rates = make(optimizer), []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_cosine_is_torchs():
    expected = torch_course(lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS))
    assert course(cosine()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("milestones", [[0.5, 0.75], [0.3], [0.1, 0.7, 0.9]])
def test_piecewise_is_torchs(milestones):
    steps = [round(m * STEPS) for m in milestones]
    expected = torch_course(lambda o: lr_scheduler.MultiStepLR(o, steps, gamma=0.1))
    assert course(piecewise(milestones, 0.1)) == pytest.approx(expected)


@pytest.mark.parametrize("peak", [0.2, 0.4, 0.7])
def test_cyclic_rises_and_falls_in_straight_lines(peak):
    rates = course(cyclic(peak))
    top = rates.index(max(rates))
    assert abs((top + 1) / (STEPS + 1) - peak) <= 1 / STEPS
    up = {round(b - a, 9) for a, b in pairwise(rates[:top])}
    down = {round(b - a, 9) for a, b in pairwise(rates[top + 1 :])}
    assert len(up) == len(down) == 1
    assert min(rates) > 0
