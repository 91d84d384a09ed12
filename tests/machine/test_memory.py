import pytest
import torch
from torch import nn

from advscape.attacks.kkt import kkt_residuals
from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.errors import UserError
from advscape.evaluation.evaluate import score
from advscape.landscape.losses import Losses
from advscape.losses import precise_losses
from advscape.machine.memory import MicroBatch
from advscape.sharpness.fixed_inputs import FixedInputs
from advscape.sharpness.network import TrainedNetwork
from advscape.sharpness.robust_flatness import RobustFlatness
from advscape.threat import ThreatModel
from tests.networks import batch, small_net
from tests.stages.runs import PGD10, network_run


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


class Greedy(nn.Module):
    """Runs out of memory with more than so many samples at once."""

    def __init__(self, inner, limit):
        super().__init__()
        self.inner, self.limit, self.largest = inner, limit, 0

    def forward(self, x):
        if len(x) > self.limit:
            raise torch.OutOfMemoryError
        self.largest = max(self.largest, len(x))
        return self.inner(x)


L2 = ThreatModel("l2", 0.3)
PGD3 = PGD(L2, steps=3)


def of_refine(model, x, y):
    return vars(refine(model, AttackedSamples(x, x + 0.01, y, L2), 10, 1e-6, 10))


def of_residuals(model, x, y):
    return {"residuals": kkt_residuals(model, AttackedSamples(x, x + 0.01, y, L2))}


def of_scores(model, x, y):
    return vars(score(model, perturb(model, x, y, PGD3, 0, 10), y, 10))


def of_fixed_inputs(model, x, y):
    fixed = FixedInputs(model, list(model.parameters()), x, y, 10)
    value, gradient = fixed.slope(precise_losses)
    return {"values": fixed.values(precise_losses), "value": value, "gradient": gradient}


def of_robust_flatness(model, x, y):
    flatness = RobustFlatness(
        TrainedNetwork(model, x, y, x, PGD3, 0, ("adversarial",), 10, lambda _: torch.Generator()),
        0.1,
    )
    average = flatness.average(2, torch.Generator().manual_seed(1))
    worst = flatness.worst(2, 1, torch.Generator().manual_seed(1))
    return {"average": average.value, "worst": worst.value}


@pytest.mark.parametrize(
    "measure", [of_refine, of_residuals, of_scores, of_fixed_inputs, of_robust_flatness]
)
def test_measurements_go_on_in_parts_to_the_same_result(measure):
    """As on a GPU that does not hold a batch; float64, so that only rounding differs."""
    (x, y), whole = batch(), Greedy(small_net().eval(), 10)
    parts = Greedy(small_net().eval(), 3)
    expected, found = measure(whole, x, y), measure(parts, x, y)
    assert whole.largest == 10
    assert parts.largest == 3
    for name, value in expected.items():
        one, two = (torch.as_tensor(v).double() for v in (value, found[name]))
        assert torch.allclose(one, two, rtol=1e-9, atol=1e-12), name


def test_a_landscape_goes_on_in_parts():
    """Losses along a line, with the attack regenerated; the Hessian has its own batches."""
    found = {}
    for limit in (10, 3):
        run = network_run(model=Greedy(small_net(), 60))
        run.model.limit = limit
        x, y = run.samples("train", 10, "samples")
        losses = Losses(run.model, x, y, run.attack(PGD10), 0, 10, "train")
        found[limit] = [losses.here(attack) for attack in ("none", "frozen", "regenerated")]
        assert run.model.largest >= limit  # 60 while its labels were made
    for one, two in zip(found[10], found[3], strict=True):
        assert one == pytest.approx(two, rel=1e-5)
