"""Against RobustBench's names and shapes, the formulas of the blocks, and published counts."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advscape.errors import UserError
from advscape.models.dm_wide_resnet import DMWideResNet
from advscape.models.wide_resnet import WideResNet
from tests.models.test_preact import FUNCTIONS, normalised

#: entries of the state dict at depth 16, widen factor 2, 10 classes and 3 channels, read off
#: robustbench/model_zoo/architectures/wide_resnet.py and dm_wide_resnet.py of 78fcc9e; what has no
#: shape here but a number is a batch norm of so many channels
NAMES = """
conv1.weight 16 3 3 3
block1.layer.0.bn1 16
block1.layer.0.conv1.weight 32 16 3 3
block1.layer.0.bn2 32
block1.layer.0.conv2.weight 32 32 3 3
block1.layer.0.convShortcut.weight 32 16 1 1
block1.layer.1.bn1 32
block1.layer.1.conv1.weight 32 32 3 3
block1.layer.1.bn2 32
block1.layer.1.conv2.weight 32 32 3 3
block2.layer.0.bn1 32
block2.layer.0.conv1.weight 64 32 3 3
block2.layer.0.bn2 64
block2.layer.0.conv2.weight 64 64 3 3
block2.layer.0.convShortcut.weight 64 32 1 1
block2.layer.1.bn1 64
block2.layer.1.conv1.weight 64 64 3 3
block2.layer.1.bn2 64
block2.layer.1.conv2.weight 64 64 3 3
block3.layer.0.bn1 64
block3.layer.0.conv1.weight 128 64 3 3
block3.layer.0.bn2 128
block3.layer.0.conv2.weight 128 128 3 3
block3.layer.0.convShortcut.weight 128 64 1 1
block3.layer.1.bn1 128
block3.layer.1.conv1.weight 128 128 3 3
block3.layer.1.bn2 128
block3.layer.1.conv2.weight 128 128 3 3
bn1 128
fc.weight 10 128
fc.bias 10
"""
#: DeepMind's names for the same places
DM_NAMES = {
    "conv1.weight 16": "init_conv.weight 16", "\nbn1": "\nbatchnorm", "fc.": "logits.",
    "block1.layer": "layer.0.block", "block2.layer": "layer.1.block",
    "block3.layer": "layer.2.block", ".conv1": ".conv_0", ".conv2": ".conv_1",
    ".bn1": ".batchnorm_0", ".bn2": ".batchnorm_1", "convShortcut": "shortcut",
}  # fmt: skip
NORM = ("weight", "bias", "running_mean", "running_var")


def entries(text):
    """Names and shapes, in order."""
    found = []
    for line in text.strip().splitlines():
        name, *sizes = line.split()
        shape = tuple(map(int, sizes))
        if name.endswith(("weight", "bias")):
            found.append((name, shape))
        else:
            found += [(f"{name}.{part}", shape) for part in NORM]
            found.append((f"{name}.num_batches_tracked", ()))
    return found


def state(model):
    return [(name, tuple(value.shape)) for name, value in model.state_dict().items()]


def test_names_and_shapes_are_robustbenchs():
    names, arguments = NAMES, (10, (3, 32, 32), 16, 2)
    assert state(WideResNet(*arguments)) == entries(names)
    for ours, deepminds in DM_NAMES.items():
        names = names.replace(ours, deepminds)
    assert state(DMWideResNet(*arguments)) == entries(names)


def test_the_unused_group_of_trades_lies_behind_the_first_and_does_nothing():
    torch.manual_seed(0)
    without = WideResNet(10, (3, 32, 32), 10, 1)
    model = WideResNet(10, (3, 32, 32), 10, 1, sub_block1=True)
    of_group = [entry for entry in state(model) if entry[0].startswith("block1.")]
    expected = [(f"sub_{name}", shape) for name, shape in of_group]
    names = [name for name, _ in state(model)]
    start = names.index("sub_block1.layer.0.bn1.weight")
    assert names[start - 1].startswith("block1.")
    assert state(model)[start : start + len(expected)] == expected
    assert len(names) == len(state(without)) + len(expected)
    model.load_state_dict(without.state_dict(), strict=False)
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(model(x), without(x))


#: millions as the papers and leaderboards give them: 36.5, 46.2, 266.8
COUNTS = [(28, 10, 36_479_194), (34, 10, 46_160_474), (70, 16, 266_796_506)]


@pytest.mark.parametrize("kind", [WideResNet, DMWideResNet])
@pytest.mark.parametrize(("depth", "k", "count"), COUNTS)
def test_parameters_of_the_full_networks(kind, depth, k, count):
    def block(a, b):  # two norms, two 3x3 convolutions, a 1x1 shortcut where the width changes
        return 2 * a + 9 * a * b + 2 * b + 9 * b * b + (a * b if a != b else 0)

    widths = [16, 16 * k, 32 * k, 64 * k]
    groups = sum(block(a, b) + ((depth - 4) // 6 - 1) * block(b, b) for a, b in pairwise(widths))
    assert 27 * 16 + groups + 2 * 64 * k + 64 * k * 10 + 10 == count
    with torch.device("meta"):
        model = kind(10, (3, 32, 32), depth, k)
    assert sum(p.numel() for p in model.parameters()) == count


def same(size):
    """TensorFlow's SAME of a 3x3 convolution of stride 2: zeros before and after."""
    total = max((-(-size // 2) - 1) * 2 + 3 - size, 0)
    return total // 2, total - total // 2


def wide(model, x, act):
    """Zagoruyko & Komodakis 2016, figure 1(a) and table 1, without dropout."""
    x = F.conv2d(x, model.conv1.weight, padding=1)
    for i, group in enumerate((model.block1, model.block2, model.block3)):
        for j, block in enumerate(group.layer):
            stride = 2 if i > 0 and j == 0 else 1
            h = act(normalised(x, block.bn1))
            shortcut = F.conv2d(h, block.convShortcut.weight, stride=stride) if j == 0 else x
            h = F.conv2d(h, block.conv1.weight, stride=stride, padding=1)
            x = F.conv2d(act(normalised(h, block.bn2)), block.conv2.weight, padding=1) + shortcut
    return F.linear(act(normalised(x, model.bn1)).mean((2, 3)), model.fc.weight, model.fc.bias)


def deepminds(model, x, act):
    """The same with SAME padding."""
    x = F.conv2d(x, model.init_conv.weight, padding=1)
    for i, group in enumerate(model.layer):
        for j, block in enumerate(group.block):
            stride = 2 if i > 0 and j == 0 else 1
            h = act(normalised(x, block.batchnorm_0))
            shortcut = F.conv2d(h, block.shortcut.weight, stride=stride) if j == 0 else x
            zeros = [*same(x.shape[3]), *same(x.shape[2])] if stride == 2 else [1, 1, 1, 1]
            h = act(normalised(F.conv2d(F.pad(h, zeros), block.conv_0.weight, stride=stride),
                               block.batchnorm_1))  # fmt: skip
            x = F.conv2d(h, block.conv_1.weight, padding=1) + shortcut
    x = act(normalised(x, model.batchnorm)).mean((2, 3))
    return F.linear(x, model.logits.weight, model.logits.bias)


@pytest.mark.parametrize(("kind", "by_hand"), [(WideResNet, wide), (DMWideResNet, deepminds)])
@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("shape", [(1, 9, 7), (2, 10, 5), (3, 32, 32)])
def test_forward_is_the_formula(kind, by_hand, activation, shape):
    torch.manual_seed(0)
    model = kind(5, shape, 16, 2, activation).double()
    for parameter in model.parameters():  # also scales and shifts of the batch norms
        nn.init.normal_(parameter, 0.1, 0.2)
    x = torch.rand(4, *shape, dtype=torch.float64)
    expected = by_hand(model, x, FUNCTIONS[activation])
    torch.testing.assert_close(model(x), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", [WideResNet, DMWideResNet])
def test_images_of_a_single_pixel(kind):
    assert kind(3, (4, 1, 1), 10, 1).eval()(torch.rand(2, 4, 1, 1)).shape == (2, 3)


def test_initial_weights_are_distributed_as_robustbenchs():
    torch.manual_seed(0)
    model = WideResNet(10, (3, 32, 32), 10, 4)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            outputs = module.out_channels * module.kernel_size[0] ** 2
            assert module.weight.std().item() == pytest.approx((2 / outputs) ** 0.5, rel=0.1)
    assert not model.fc.bias.any()


@pytest.mark.parametrize("kind", [WideResNet, DMWideResNet])
@pytest.mark.parametrize("depth", [4, 12, 27])
def test_other_depths_are_refused(kind, depth):
    with pytest.raises(UserError, match=f"got the depth {depth}; allowed: 6 n \\+ 4"):
        kind(10, (3, 32, 32), depth, 1)
