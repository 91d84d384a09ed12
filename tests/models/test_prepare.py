"""Networks of the user's own are made ready for every stage, and give the numbers they should."""

import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.evaluation.evaluate import score
from advscape.models.state import load_weights, save_weights
from advscape.threat import ThreatModel
from tests import users_networks as users
from tests.networks import batch
from tests.sections import built_model

SHAPE = (1, 4, 4)


def built(name, module="tests.users_networks"):
    section = {"name": "custom", "function": f"{module}:{name}", "options": {}}
    return built_model(section, 3, SHAPE, 0)


def test_a_network_that_changes_its_input_has_the_numbers_of_one_that_does_not():
    x, y = batch(20, dtype=torch.float32)
    given = x.clone()
    found = {}
    for name in ("ChangesInput", "NormalisesInput"):
        model = built(name).eval()
        perturbed = PGD(ThreatModel("l2", 0.5), 5)(model, x, y, torch.Generator().manual_seed(0))
        found[name] = (model(x), perturbed, score(model, perturbed, y, 7))
        assert torch.equal(x, given)
    changes, normalises = found.values()
    assert torch.equal(changes[0], normalises[0])
    assert torch.equal(changes[1], normalises[1])
    assert changes[2] == normalises[2]


def test_a_compiled_network_is_the_one_inside():
    torch.manual_seed(0)
    model = built("compiled")
    assert isinstance(model, nn.Sequential)
    assert list(model.state_dict()) == list(users.layers(3, SHAPE).state_dict())
    nested = built("CompiledInside", "tests.trial.networks")
    assert list(nested.state_dict()) == list(users.Plain(3, SHAPE).state_dict())
    torch.compiler.set_stance("default")


def test_shared_buffers_are_kept(tmp_path):
    one, two = built("SharedBuffer"), built("SharedBuffer")
    one.a[0].mean.fill_(0.25)
    save_weights(one.state_dict(), tmp_path / "w.safetensors")
    load_weights(two, tmp_path / "w.safetensors")
    assert two.b[0].mean.item() == 0.25
