"""The examples in CONTRIBUTING.md run, and stand in the catalogues that they name."""

import re

import pytest
import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.sharpness.network import TrainedNetwork
from advscape.threat import ThreatModel
from tests.conftest import ROOT
from tests.networks import batch, small_net

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
#: whole files begin with a docstring; the other blocks are entries and sections
FILES = [
    block
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    if block.startswith('"""')
]


def run(block):
    names = {}
    exec(compile(block, "CONTRIBUTING.md", "exec"), names)
    return names


def named(name):
    (block,) = (block for block in FILES if f"def {name}(" in block or f"class {name}(" in block)
    return run(block)[name]


@pytest.mark.parametrize("block", FILES, ids=lambda block: block.splitlines()[0])
def test_every_file_can_be_imported(block):
    assert run(block)


@pytest.mark.parametrize(
    ("catalogue", "file"), re.findall(r"^\|.*`([A-Z]+)` in `([\w/.]+)`", TEXT, re.MULTILINE)
)
def test_every_catalogue_is_where_it_says(catalogue, file):
    text = (ROOT / "pkg/advscape" / file).read_text(encoding="utf-8")
    assert re.search(rf"^{catalogue}: dict\[", text, re.MULTILINE)


def test_the_measure_is_the_rise_of_a_shorter_network():
    model, (x, y) = small_net().eval(), batch(10)
    attack = PGD(ThreatModel("l2", 0.3), 1)
    network = TrainedNetwork(
        model, x, y, x, attack, 0, ("clean",), 4, lambda name: torch.Generator()
    )
    (found,) = named("shrinkage")(network, ["shrinkage"])
    before = nn.functional.cross_entropy(model(x), y).item()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.99)
    after = nn.functional.cross_entropy(model(x), y).item()
    assert found.sharpness.value == pytest.approx(after - before, rel=1e-9)


def test_the_direction_leads_to_longer_weights():
    from advscape.landscape.directions import Place

    model = small_net()
    direction = named("radial")(Place(model, lambda: None, lambda kind: {}), "radial", 0)
    assert all(torch.equal(direction[name], p) for name, p in model.named_parameters())


def test_the_objective_adds_the_distance_of_logits():
    from advscape.training.treatment import Setting

    model, (x, y) = small_net().eval(), batch(10)
    setting = Setting(model, PGD(ThreatModel("l2", 0.3), 1), None, 0.0, 0.9, 0.0, 0)
    found, _ = named("logit_pairing")(setting, 0.25).objective.losses(model, x, x + 0.1, y)
    outputs = model(x + 0.1)
    apart = ((outputs - model(x)) ** 2).sum(1) / outputs.shape[1]
    expected = nn.functional.cross_entropy(outputs, y, reduction="none") + 0.25 * apart
    assert torch.allclose(found, expected, rtol=1e-12)
