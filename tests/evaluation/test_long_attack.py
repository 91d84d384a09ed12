"""Against models whose exact robust accuracy is known: a sound PGD, and masked gradients."""

import numpy as np
import pytest
import torch
from torch import nn

from advscape.attacks.pgd import PGD
from advscape.evaluation.long_attack import RESTARTS, margins, pgd_near_long_pgd
from advscape.threat import ThreatModel
from tests.networks import assert_same, snapshot

EPSILON = 0.3


class Linear(nn.Module):
    """Logits of 16 inputs, at a scale."""

    def __init__(self, scale=1.0, classes=10):
        super().__init__()
        self.scale = scale
        generator = torch.Generator().manual_seed(0)
        self.layer = nn.utils.skip_init(nn.Linear, 16, classes)  # which draws nothing
        self.layer.weight.data = torch.randn(classes, 16, generator=generator)
        self.layer.bias.data = torch.zeros(classes)

    def forward(self, x):
        return self.scale * self.layer(x.flatten(1))


def samples(n=200, classes=10):
    """Inputs with the labels that the linear model gives them."""
    x = torch.randn(n, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    return x, Linear(classes=classes)(x).argmax(dim=1)


def exact_accuracy(norm):
    """Closed form: right as long as every logit gap stays above epsilon times the dual norm."""
    model, (x, y) = Linear(), samples()
    weight, outputs = model.layer.weight.detach().numpy(), model(x).detach().numpy()
    right = 0
    for logits, label in zip(outputs, y.tolist(), strict=True):
        others = [k for k in range(10) if k != label]
        gaps = weight[label] - weight[others]
        reach = EPSILON * np.linalg.norm(gaps, ord=2 if norm == "l2" else 1, axis=1)
        right += (logits[label] - logits[others] > reach).all()
    return right / len(y)


def checked(model, *judges, norm="l2"):
    attacks = [PGD(ThreatModel(norm, EPSILON), **{"steps": 10, **judge}) for judge in judges]
    x, y = samples(classes=model.layer.out_features)
    return pgd_near_long_pgd(model, x, y, attacks, seed=0, batch_size=64)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_a_judge_that_is_exact_overstates_nothing(norm):
    """With two classes the gradient always points at the optimum."""
    check = checked(Linear(classes=2), {"relative_step": 10.0}, norm=norm)
    assert check.value == 0
    assert (check.ok, check.n, check.check) == (True, 200, "pgd near long pgd")


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_masked_gradients_are_caught_by_as_much_as_they_hide(norm):
    """Logits times a million leave the cross-entropy no gradient, and the accuracy as it is."""
    check = checked(Linear(1e6), {"start": "clean"}, norm=norm)
    # the judge leaves the clean accuracy, 1, as it is; PGD on margins is not exact with ten classes
    assert 0.97 * (1 - exact_accuracy(norm)) <= check.value <= 1 - exact_accuracy(norm)
    assert not check.ok


def test_the_strongest_judge_counts():
    alone = checked(Linear(1e6), {"start": "clean"})
    both = checked(Linear(1e6), {"start": "clean"}, {"steps": 20, "loss": margins})
    assert both.value <= 0.01 < alone.value


def test_what_is_broken_is_not_attacked_again(monkeypatch):
    sizes = []

    def counted(model, x, *rest):
        sizes.append(len(x))
        return x

    monkeypatch.setattr("advscape.evaluation.long_attack.perturb", counted)
    x, y = samples(10)
    y[:4] = (y[:4] + 1) % 10
    judge = PGD(ThreatModel("l2", EPSILON), steps=1)
    assert pgd_near_long_pgd(Linear(), x, y, [judge], 0, 64).value == 0
    # one start with each loss, and the others together
    assert sizes == [10, 6, 6, *[6 * (RESTARTS - 1)] * 2]
    sizes.clear()
    assert pgd_near_long_pgd(Linear(), x[:4], y[:4], [judge], 0, 64).value == 0
    assert sizes == [4]


def test_same_seed_same_value_and_the_model_stays_as_it_was():
    model = Linear()
    before = snapshot(model)
    one, two = checked(model, {"steps": 1}), checked(model, {"steps": 1})
    assert one == two
    assert_same(before, snapshot(model))


def test_margins_are_above_zero_where_the_label_is_missed():
    outputs = torch.tensor([[2.0, 5.0, 1.0], [2.0, 5.0, 1.0]])
    assert margins(outputs, torch.tensor([1, 2])).tolist() == [-3.0, 4.0]
    single = torch.tensor([[2.0], [2.0]])
    assert margins(single, torch.tensor([1, 0])).tolist() == [-2.0, 2.0]
