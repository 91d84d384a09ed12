"""The convolution's derivatives, against torch's own and against finite differences."""

import pytest
import torch
from torch.nn import functional

from advscape.curvature.convolution import Geometry, convolution

CASES = {
    "3x3": ((2, 3, 7, 6), (4, 3, 3, 3), Geometry((1, 1), (1, 1), (1, 1), 1)),
    "stride, dilation": ((2, 3, 9, 8), (4, 3, 3, 2), Geometry((2, 1), (2, 0), (2, 1), 1)),
    "groups": ((2, 4, 5, 5), (6, 2, 3, 3), Geometry((1, 2), (1, 1), (1, 1), 2)),
    "one dimension": ((3, 2, 8), (5, 2, 3), Geometry((2,), (1,), (1,), 1)),
    "three dimensions": ((1, 2, 4, 4, 3), (2, 2, 2, 2, 2), Geometry(*[(1, 1, 1)] * 3, 1)),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_first_and_second_derivatives(name, bias):
    shape, kernels, geometry = CASES[name]
    generator = torch.Generator().manual_seed(0)
    draw = lambda *size: torch.randn(*size, dtype=torch.float64, generator=generator)  # noqa: E731
    inputs = [draw(*shape), draw(*kernels), draw(kernels[0])][: 2 + bias]
    inputs = [value.requires_grad_(True) for value in inputs]

    def ours(x, weight, shift=None):
        return convolution(x, weight, shift, geometry)

    torchs = getattr(functional, f"conv{len(geometry.stride)}d")
    assert torch.equal(ours(*inputs), torchs(*inputs, *([] if bias else [None]), *geometry))
    assert torch.autograd.gradcheck(ours, inputs)
    assert torch.autograd.gradgradcheck(ours, inputs)


def test_derivatives_in_some_of_the_arguments():
    shape, kernels, geometry = CASES["groups"]
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(kernels, dtype=torch.float64, requires_grad=True)
    square = lambda *pair: convolution(*pair, None, geometry).square()  # noqa: E731
    assert torch.autograd.gradgradcheck(lambda x: square(x, weight.detach()), x)
    assert torch.autograd.gradgradcheck(lambda weight: square(x.detach(), weight), weight)


def test_third_derivatives():
    x = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    geometry = Geometry((1, 1), (1, 1), (1, 1), 1)

    def gradient(*pair):
        height = convolution(*pair, None, geometry).pow(4).sum()
        return torch.autograd.grad(height, pair, create_graph=True)

    assert torch.autograd.gradgradcheck(gradient, (x, weight))
