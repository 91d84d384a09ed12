import pytest
import torch
from torch import nn

from advscape.landscape.directions import filter_normalised
from advscape.landscape.grid import alphas
from advscape.landscape.scan import moved, scan
from advscape.losses import sample_losses
from tests.networks import assert_same, batch, small_net, snapshot


def test_every_filter_has_the_norm_of_the_models():
    model = small_net()
    for d, w in zip(filter_normalised(model, 0), model.parameters(), strict=True):
        if w.ndim < 2:
            assert torch.all(d == 0)  # biases and batch norm, as the field does
        else:
            assert torch.allclose(d.flatten(1).norm(dim=1), w.flatten(1).norm(dim=1), rtol=1e-10)


def test_directions_are_gaussian_and_of_the_seed():
    """Not uniform on [0, 1], which a public tool draws: two of those have a large cosine."""
    model = nn.Linear(4000, 1, bias=False)
    one, same, other = (filter_normalised(model, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(one, same)
    cosine = (one * other).sum() / (one.norm() * other.norm())
    assert abs(cosine) < 5 / 4000**0.5
    standard = (one / one.std()).flatten()
    assert abs(standard.mean()) < 0.08
    assert (standard**4).mean() == pytest.approx(3, abs=0.5)


def test_one_draw_for_every_run_of_a_model():
    """The direction seed alone makes the draw; the weights only set its scale."""
    one, two = (filter_normalised(small_net(weights), 7) for weights in (0, 1))
    for a, b in zip(one, two, strict=True):
        if a.ndim > 1:
            cosines = nn.functional.cosine_similarity(a.flatten(1), b.flatten(1))
            assert torch.allclose(cosines, torch.ones_like(cosines))


def test_rescaling_a_pair_of_relu_layers_changes_no_scan():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    scaled = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    scaled.load_state_dict(net.state_dict())
    with torch.no_grad():
        scaled[1].weight.mul_(5)
        scaled[1].bias.mul_(5)
        scaled[3].weight.div_(5)
    x, y = batch(20)
    curves = [
        [
            v
            for _, v in scan(
                m, filter_normalised(m, 0), [-0.5, 0.0, 1.0], lambda m=m: loss(m, x, y)
            )
        ]
        for m in (net, scaled)
    ]
    assert curves[0] == pytest.approx(curves[1], rel=1e-10)


def loss(model, x, y):
    with torch.no_grad():
        return sample_losses(model(x), y).mean().item()


def test_scan_is_the_loss_at_moved_weights_and_restores_them_bit_for_bit():
    model, (x, y) = small_net(dtype=torch.float32).eval(), batch(dtype=torch.float32)
    direction = filter_normalised(model, 0)
    before = snapshot(model)
    steps = alphas(1.0, 5).tolist()
    curve = dict(scan(model, direction, steps, lambda: loss(model, x, y)))
    assert_same(before, snapshot(model))
    other = small_net(dtype=torch.float32).eval()
    for alpha in steps:
        state = dict(model.named_parameters())
        for (name, p), d in zip(other.named_parameters(), direction, strict=True):
            p.data = state[name].data + alpha * d
        assert curve[alpha] == pytest.approx(loss(other, x, y), rel=1e-6)


def test_weights_are_restored_after_an_error():
    model = small_net()
    before = snapshot(model)
    with pytest.raises(RuntimeError), moved(model, filter_normalised(model, 0), 1.0):
        raise RuntimeError
    assert_same(before, snapshot(model))


def test_alphas_are_symmetric_and_hold_zero():
    steps = alphas(0.3, 7)
    assert len(steps) == 7
    assert steps[3] == 0
    assert steps[-1] == 0.3
    assert list(steps) == list(-steps[::-1])
