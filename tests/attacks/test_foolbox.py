"""PGD against foolbox's: same step, no random start, bounds too wide to matter."""

import pytest
import torch

from advscape.attacks.pgd import PGD
from advscape.threat import ThreatModel
from tests.networks import batch, small_net

foolbox = pytest.importorskip("foolbox", reason="foolbox, of the dev extra, is not installed")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("norm", "epsilon"), [("l2", 0.5), ("l2", 2.0), ("linf", 0.1)])
@pytest.mark.parametrize("steps", [1, 10, 40])
def test_pgd_agrees_to_1e_5(norm, epsilon, steps, dtype):
    model, (x, y) = small_net(dtype=dtype).eval(), batch(50, dtype=dtype)
    kind = {"l2": foolbox.attacks.L2PGD, "linf": foolbox.attacks.LinfPGD}[norm]
    theirs = kind(abs_stepsize=2.5 * epsilon / steps, steps=steps, random_start=False)
    wide = foolbox.PyTorchModel(model, bounds=(-100, 100), device="cpu")
    expected = theirs.run(wide, x, foolbox.criteria.Misclassification(y), epsilon=epsilon)
    found = PGD(ThreatModel(norm, epsilon), steps, start="clean")(model, x, y, torch.Generator())
    assert (found - expected).abs().max() < 1e-5
    assert (found - x).abs().max() > 0.05
