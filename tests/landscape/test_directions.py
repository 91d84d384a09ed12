"""Directions: how long they are, and what they do not depend on."""

import pytest
import torch
from torch import nn

from advscape.curvature.hessian import HessianOperator
from advscape.landscape.directions import difference, eigenvector_direction, random_direction
from advscape.landscape.walk import walking
from advscape.losses import sample_losses
from tests.networks import batch, small_net

SCALINGS = ("raw", "gaussian", "layer-normalised", "filter-normalised")


def weights(model):
    return {name: p.detach() for name, p in model.named_parameters() if p.ndim > 1}


def test_every_filter_has_the_norm_of_the_models():
    model = small_net()
    direction = random_direction(model, "filter-normalised", 0)
    assert direction.keys() == weights(model).keys()
    for name, w in weights(model).items():
        norms = [t.flatten(1).norm(dim=1) for t in (direction[name], w)]
        assert torch.allclose(*norms, rtol=1e-10)


def test_a_linear_model_has_one_filter_for_each_output():
    model = nn.Linear(5, 3).double()
    direction = random_direction(model, "filter-normalised", 0)
    assert torch.allclose(direction["weight"].norm(dim=1), model.weight.norm(dim=1))


def test_every_tensor_or_the_whole_has_the_norm_of_the_models():
    model = small_net()
    by_layer = random_direction(model, "layer-normalised", 0)
    for name, w in weights(model).items():
        assert by_layer[name].norm().item() == pytest.approx(w.norm().item(), rel=1e-10)
    whole = random_direction(model, "gaussian", 0)
    lengths = [
        torch.cat([t.flatten() for t in tensors.values()]).norm().item()
        for tensors in (whole, weights(model))
    ]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-10)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_biases_and_batch_norm_stay(scaling):
    """A public tool scales them element by element, so that each moves by its own size."""
    moved = random_direction(small_net(), scaling, 0)
    assert all(direction.ndim > 1 for direction in moved.values())


@pytest.mark.parametrize("scaling", SCALINGS)
def test_directions_are_gaussian_and_of_the_seed(scaling):
    """Not uniform on [0, 1], which a public tool draws: two of those have a large cosine."""
    model = nn.Linear(4000, 1, bias=False)
    one, same, other = (random_direction(model, scaling, seed)["weight"] for seed in (0, 0, 1))
    assert torch.equal(one, same)
    cosine = (one * other).sum() / (one.norm() * other.norm())
    assert abs(cosine) < 5 / 4000**0.5
    standard = (one / one.std()).flatten()
    assert abs(standard.mean()) < 0.08
    assert (standard**4).mean() == pytest.approx(3, abs=0.5)


def test_one_draw_for_every_run_of_a_model():
    """The direction seed alone makes the draw; the weights only set its scale."""
    one, two = (
        random_direction(small_net(seed), "filter-normalised", 7).values() for seed in (0, 1)
    )
    for a, b in zip(one, two, strict=True):
        cosines = nn.functional.cosine_similarity(a.flatten(1), b.flatten(1))
        assert torch.allclose(cosines, torch.ones_like(cosines))


def test_an_eigenvector_has_length_1_and_one_sign():
    model = small_net()
    size = sum(p.numel() for p in model.parameters())
    vector = torch.randn(size, dtype=torch.float64)
    one, other = (eigenvector_direction(model, sign * vector) for sign in (1, -1))
    joined = torch.cat([one[name].flatten() for name, _ in model.named_parameters()])
    assert joined.norm().item() == pytest.approx(1, rel=1e-10)
    assert joined[joined.abs().argmax()] > 0
    cosine = nn.functional.cosine_similarity(joined, vector, dim=0).item()
    assert abs(cosine) == pytest.approx(1)
    assert all(torch.equal(one[name], other[name]) for name in one)
    with pytest.raises(ValueError, match=f"vector: got shape .*; allowed: .{size},"):
        eigenvector_direction(model, vector[1:])


def test_the_other_checkpoint_is_at_1_with_its_running_statistics():
    model, other = small_net(0), small_net(1)
    x, _ = batch()
    expected = other.eval()(x)
    direction = difference(model.eval(), other.state_dict())
    assert "1.running_var" in direction
    with walking(model, direction) as to, torch.no_grad():
        to(1.0)
        assert torch.allclose(model(x), expected, rtol=1e-10)
    assert difference(model, model.state_dict()) == {}


def rescaled_pair():
    """One function twice: a ReLU layer times 50, the next one over 50."""
    torch.manual_seed(0)
    nets = [
        nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)).double()
        for _ in range(2)
    ]
    nets[1].load_state_dict(nets[0].state_dict())
    with torch.no_grad():
        nets[1][1].weight.mul_(50)
        nets[1][1].bias.mul_(50)
        nets[1][3].weight.div_(50)
    return nets


def test_rescaling_a_pair_of_relu_layers_changes_no_filter_normalised_scan():
    x, y = batch(20)
    curves = []
    for net in rescaled_pair():
        direction = random_direction(net, "filter-normalised", 0)
        with walking(net, direction) as to, torch.no_grad():
            curve = []
            for alpha in (-0.5, 0.0, 1.0):
                to(alpha)
                curve.append(sample_losses(net(x), y).mean().item())
        curves.append(curve)
    assert curves[0] == pytest.approx(curves[1], rel=1e-10)


def test_rescaling_changes_the_eigenvalue_of_the_same_function():
    """So figures give both: lambda_max, and what is free of the scale."""
    x, y = batch(20)
    operators = [HessianOperator(net, x, y, 20) for net in rescaled_pair()]
    dense = [operator @ torch.eye(operator.dim).double() for operator in operators]
    one, two = (float(torch.linalg.eigvalsh(matrix)[-1]) for matrix in dense)
    assert two > 5 * one


def test_the_loss_along_an_eigenvector_bends_by_its_eigenvalue():
    """Landscaper 1.3.1 rescales it tensor by tensor (compute.py: normalize_direction): another one.

    The referee is a second difference of the loss.
    """
    model, (x, y) = small_net().eval(), batch(20)
    operator = HessianOperator(model, x, y, 20)
    dense = torch.stack([operator @ e for e in torch.eye(operator.dim).double()])
    values, vectors = torch.linalg.eigh((dense + dense.T) / 2)
    step, losses = 1e-3, []
    with walking(model, eigenvector_direction(model, vectors[:, -1])) as to, torch.no_grad():
        for alpha in (-step, 0.0, step):
            to(alpha)
            losses.append(sample_losses(model(x), y).mean().item())
    bend = (losses[0] - 2 * losses[1] + losses[2]) / step**2
    assert bend == pytest.approx(values[-1].item(), rel=1e-4)
