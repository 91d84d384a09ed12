"""Nonlinearities by the name that a config gives them."""

from torch import nn

_CLASSES = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


def activation_module(name: str) -> nn.Module:
    """A module of its own: relu, gelu (exact, not its tanh approximation) or silu."""
    return _CLASSES[name]()


def replace_relus(model: nn.Module, name: str) -> None:
    """Put another nonlinearity in the place of every ``nn.ReLU`` of a network.

    Args:
        model: a network that calls its ReLUs as modules; changed in place.
        name: of the new nonlinearity; with relu the network stays as it is.
    """
    if name == "relu":
        return
    for parent in list(model.modules()):
        for child, module in list(parent.named_children()):
            if isinstance(module, nn.ReLU):
                setattr(parent, child, activation_module(name))
