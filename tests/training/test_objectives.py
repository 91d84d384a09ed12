"""TRADES and adversarial training against losses computed by hand."""

import pytest
import torch
from torch.nn import functional

from advscape.attacks.pgd import PGD
from advscape.threat import ThreatModel
from advscape.training.objectives import Adversarial, Mart, Trades, divergence
from tests.networks import assert_same, batch, small_net, snapshot

THREAT = ThreatModel("l2", 0.5)


def trades(**options):
    attack = PGD(THREAT, steps=2, start="near", loss=divergence)
    return Trades(attack, "eval", **options)


def by_hand(model, x, perturbed, y, beta):
    """Equation 5 of the paper, sum by sum."""
    losses = []
    clean, adversarial = model(x), model(perturbed)
    for i in range(len(x)):
        p, q = torch.softmax(clean[i], 0), torch.softmax(adversarial[i], 0)
        divergence = sum(p[k] * (torch.log(p[k]) - torch.log(q[k])) for k in range(len(p)))
        losses.append(-torch.log(p[y[i]]) + beta * divergence)
    return torch.stack(losses).mean()


def test_trades_loss_and_gradient_by_hand(generator):
    model, (x, y) = small_net(dtype=torch.float32).eval(), batch(dtype=torch.float32)
    objective = trades(beta=3.0)
    perturbed = objective.perturb(model, x, y, generator, None)
    loss = objective.losses(model, x, perturbed, y)[0].mean()
    expected = by_hand(model, x, perturbed, y, 3.0)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    ours = torch.autograd.grad(loss, list(model.parameters()))
    theirs = torch.autograd.grad(expected, list(model.parameters()))
    for one, two in zip(ours, theirs, strict=True):
        assert torch.allclose(one, two, atol=1e-5)


def mart_by_hand(model, x, perturbed, y, beta):
    """Equation 12 of Wang et al., sum by sum."""
    losses = []
    clean, adversarial = torch.softmax(model(x), 1), torch.softmax(model(perturbed), 1)
    for i in range(len(x)):
        p, q = clean[i], adversarial[i]
        wrong = max((k for k in range(len(q)) if k != y[i]), key=lambda k: q[k])
        boosted = -torch.log(q[y[i]]) - torch.log(1 - q[wrong])
        apart = sum(p[k] * (torch.log(p[k]) - torch.log(q[k])) for k in range(len(p)))
        losses.append(boosted + beta * apart * (1 - p[y[i]]))
    return torch.stack(losses)


def test_mart_loss_and_gradient_by_hand(generator):
    model, (x, y) = small_net().eval(), batch()
    objective = Mart(PGD(THREAT, 2), "eval", beta=5.0)
    perturbed = objective.perturb(model, x, y, generator, None)
    found, outputs = objective.losses(model, x, perturbed, y)
    expected = mart_by_hand(model, x, perturbed, y, 5.0)
    assert torch.allclose(found, expected, rtol=1e-9)
    assert torch.equal(outputs, model(perturbed))
    ours = torch.autograd.grad(found.mean(), list(model.parameters()))
    theirs = torch.autograd.grad(expected.mean(), list(model.parameters()))
    for one, two in zip(ours, theirs, strict=True):
        assert torch.allclose(one, two, atol=1e-10)


def test_mart_is_finite_and_exact_on_samples_that_are_lost():
    """A wrong class of probability 1 but for 1e-13: in float32 1 - p_k would be 0."""
    logits = torch.tensor([[0.0, 30.0, 1.0]], requires_grad=True)
    objective = Mart(PGD(THREAT, 2), "eval", beta=5.0)
    found, _ = objective.losses(lambda x: logits, None, None, torch.tensor([0]))
    exact = logits.detach().double()
    against = -torch.log(torch.softmax(exact, 1)[0, [0, 2]].sum())
    assert found.item() == pytest.approx(30.0 + against.item(), rel=1e-6)
    (slope,) = torch.autograd.grad(found.sum(), logits)
    assert slope.isfinite().all()


def test_trades_attack_climbs_the_divergence_from_near_the_input():
    """Algorithm 1 of the paper, written out for L2."""
    model, (x, y) = small_net(dtype=torch.float32).train(), batch(dtype=torch.float32)
    found = trades().perturb(model, x, y, torch.Generator().manual_seed(3), None)
    model.eval()
    clean = torch.softmax(model(x), 1).detach()
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(3))
    adversarial = x + 1e-3 * noise
    for _ in range(2):
        adversarial.requires_grad_(True)
        apart = functional.kl_div(
            functional.log_softmax(model(adversarial), 1), clean, reduction="sum"
        )
        (g,) = torch.autograd.grad(apart, adversarial)
        step = 2.5 * 0.5 / 2 * g / g.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        delta = adversarial.detach() + step - x
        delta = delta * (0.5 / delta.flatten(1).norm(dim=1)).clamp(max=1).view(-1, 1, 1, 1)
        adversarial = x + delta
    assert torch.allclose(found, adversarial, atol=1e-5)


@pytest.mark.parametrize("objective", [trades(), Adversarial(PGD(THREAT, 2), "train")])
def test_perturbing_leaves_the_model_as_it_was(objective, generator):
    model, (x, y) = small_net().train(), batch()
    before = snapshot(model)
    objective.perturb(model, x, y, generator, None)
    assert_same(before, snapshot(model))


def test_label_smoothing_is_cross_entropy_with_smooth_targets():
    model, (x, y) = small_net(dtype=torch.float32).eval(), batch(dtype=torch.float32)
    found, _ = Adversarial(PGD(THREAT, 2), "train", 0.3).losses(model, x, x, y)
    targets = torch.full((len(x), 3), 0.1)
    targets[torch.arange(len(x)), y] += 0.7
    expected = -(targets * torch.log_softmax(model(x), 1)).sum(1)
    assert torch.allclose(found, expected, atol=1e-6)


def test_micro_batches_make_the_same_noise():
    model, (x, y) = small_net().eval(), batch(10)
    for objective in (trades(), Adversarial(PGD(THREAT, 2, restarts=2), "eval")):
        one, two = (
            objective.perturb(model, x, y, torch.Generator().manual_seed(0), micro)
            for micro in (None, 3)
        )
        assert torch.allclose(one, two, atol=1e-6)


def reference(clean, outputs):
    """KL divergence and its gradient in the clean logits, float64, 0 log 0 = 0."""
    log_p = torch.log_softmax(clean.double(), 1)
    log_q = torch.log_softmax(outputs.double(), 1)
    p = log_p.exp()
    terms = torch.where(p > 0, p * (log_p - log_q), 0.0)
    value = terms.sum(1)
    # d KL / d z_k = p_k (log p_k - log q_k - KL), by hand
    return value, terms - p * value[:, None]


@pytest.mark.parametrize("scale", [1.0, 10.0, 100.0, 1000.0])
def test_a_probability_of_0_adds_nothing_to_value_and_gradient(scale):
    generator = torch.Generator().manual_seed(4)
    clean = scale * torch.randn(50, 4, generator=generator)
    outputs = clean + scale / 10 * torch.randn(50, 4, generator=generator)
    clean.requires_grad_(True)
    apart = divergence(outputs, torch.softmax(clean, 1))
    (gradient,) = torch.autograd.grad(apart.sum(), clean)
    value, slope = reference(clean.detach(), outputs)
    if scale >= 100:  # in float32 some probabilities are 0 here
        assert bool((torch.softmax(clean, 1) == 0).any())
    assert torch.allclose(apart.double(), value, rtol=1e-4, atol=1e-4)
    assert torch.allclose(gradient.double(), slope, rtol=1e-3, atol=1e-3)


def test_the_case_of_one_probability_that_underflows():
    clean = torch.tensor([[0.0, 100.0, 200.0]], requires_grad=True)
    outputs = torch.tensor([[0.0, 100.0, 200.0]], requires_grad=True)
    apart = divergence(outputs, torch.softmax(clean, 1)).sum()
    gradients = torch.autograd.grad(apart, [clean, outputs])
    assert apart.item() == pytest.approx(0, abs=1e-40)
    assert all(torch.equal(gradient, torch.zeros(1, 3)) for gradient in gradients)


def test_logits_whose_difference_overflows_add_nothing_where_the_probability_is_0():
    outputs = torch.tensor([[-3e38, 3e38]], requires_grad=True)
    apart = divergence(outputs, torch.tensor([[0.0, 1.0]])).sum()
    (gradient,) = torch.autograd.grad(apart, outputs)
    assert apart.item() == 0
    assert torch.equal(gradient, torch.zeros(1, 2))


def test_a_network_in_float64_has_its_loss_in_float64(generator):
    model, (x, y) = small_net().eval(), batch()
    perturbed = trades().perturb(model, x, y, generator, None)
    for objective in (trades(), Adversarial(PGD(THREAT, steps=1))):
        losses, _ = objective.losses(model, x, perturbed, y)
        assert losses.dtype == torch.float64
