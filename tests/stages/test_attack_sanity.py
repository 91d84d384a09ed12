"""A sound attack passes every check; broken ones, and broken models, are flagged."""

import pandas as pd
import pytest
import torch
from torch import nn

from advscape.errors import UserError
from advscape.stages.evaluate_network import judge
from advscape.stages.run import NetworkRun
from advscape.study.columns import COLUMNS
from tests.networks import small_net
from tests.sections import attack_section
from tests.stages.runs import FGSM, network_run, samples, settings

STEPS, EPSILON, KKT = "loss rises with steps", "accuracy falls with epsilon", "kkt residual"


def checks_of(run, config=None):
    rows = judge(run, run.model, config or settings(), samples(run))[1]
    return {row["check"]: row["ok"] for row in rows}


@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_a_sound_attack_passes(epsilon):
    assert checks_of(network_run(epsilon)) == {EPSILON: True, STEPS: True, KKT: True}


@pytest.mark.parametrize(("norm", "box"), [("linf", False), ("l2", True)])
def test_kkt_is_for_l2_without_a_box(norm, box):
    assert checks_of(network_run(norm=norm, box=box)) == {EPSILON: True, STEPS: True}


def test_attacks_that_promise_nothing_leave_a_table_without_rows():
    run = network_run()
    rows = judge(run, run.model, settings(FGSM), samples(run))[1]
    assert rows == []
    frame = pd.DataFrame(rows, columns=list(run.key | COLUMNS["sanity"]))
    assert frame.to_csv(index=False).startswith("noise,epsilon,seed,checkpoint,split,check")


class TooFarFirst(NetworkRun):
    """The attack's reach shrinks as its steps grow."""

    def attack(self, section, epsilon=None):
        return super().attack(section, epsilon / section.steps)


class StrongWhenSmall(NetworkRun):
    """The attack reaches far at a small epsilon and nowhere at a large one."""

    def attack(self, section, epsilon=None):
        return super().attack(section, 2.0 if epsilon < 0.25 else 0.01)


class NoAim(NetworkRun):
    """The attack is noise of full length."""

    def attack(self, section, epsilon=None):
        return super().attack(attack_section(name="random"), epsilon)


@pytest.mark.parametrize(
    ("kind", "flagged"), [(TooFarFirst, STEPS), (StrongWhenSmall, EPSILON), (NoAim, KKT)]
)
def test_a_broken_attack_is_flagged(kind, flagged):
    assert checks_of(network_run(kind=kind))[flagged] is False


class Scaled(nn.Module):
    """Logits so large that float arithmetic has no gradient left: masked, not robust."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return 1e5 * self.inner(x)


def test_a_network_that_masks_its_gradients_is_flagged():
    assert checks_of(network_run(model=Scaled(small_net())))[KKT] is False


class Diverged(nn.Module):
    """A network whose training ended in NaN."""

    def forward(self, x):
        return x.flatten(1)[:, :3] * torch.nan


def test_a_diverged_network_is_refused():
    with pytest.raises(UserError, match="output is NaN for 60 of 60"):
        checks_of(network_run(model=Diverged()))
