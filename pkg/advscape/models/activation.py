"""Nonlinearities by the name that a config gives them."""

from torch import nn

_CLASSES: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


def activation_module(name: str) -> nn.Module:
    """A module of its own: relu, gelu (exact, not its tanh approximation) or silu."""
    return _CLASSES[name]()
