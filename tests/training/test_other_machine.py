"""The change of initial weights that stands for another machine's rounding."""

import torch

from advscape.training.other_machine import perturb_initial_weights
from tests.networks import small_net


def relative_change(seed, size=1e-6):
    model, before = small_net().double(), small_net().double()
    perturb_initial_weights(model, size, seed)
    pairs = zip(model.parameters(), before.parameters(), strict=True)
    return torch.cat([(now / then - 1).flatten() for now, then in pairs if then.all()])


def test_each_weight_changes_by_the_size_that_was_asked_for():
    change = relative_change(0)
    assert len(change) > 100
    assert 0.8e-6 < change.std() < 1.2e-6
    assert change.mean().abs() < 4e-6 / len(change) ** 0.5


def test_equal_seeds_give_equal_changes_and_others_do_not():
    assert torch.equal(relative_change(3), relative_change(3))
    assert not torch.equal(relative_change(3), relative_change(4))


def test_weights_that_are_not_trained_and_zeros_stay():
    model = small_net()
    frozen, *others = model.parameters()
    frozen.requires_grad_(False)
    with torch.no_grad():
        others[0].view(-1)[0] = 0.0
    kept = frozen.clone()
    perturb_initial_weights(model, 1e-3, 0)
    assert torch.equal(frozen, kept)
    assert others[0].view(-1)[0] == 0.0
