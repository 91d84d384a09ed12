"""The user's own network, made by a function that the config names."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from advscape.errors import UserError
from advscape.models.own_function import find_function


def custom_model(
    classes: int, shape: tuple[int, ...], function: str, options: dict[str, Any]
) -> nn.Module:
    """Call the user's function.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input.
        function: module:function, found in the current folder or on the Python path.
        options: further keyword arguments.

    Raises:
        UserError: another module of that name is in the way, or no network was returned.
        Exception: whatever the user's code raises.
    """
    with _current_folder_first():
        model = _import(function)(classes=classes, shape=shape, **options)
    if not isinstance(model, nn.Module):
        raise UserError(f"it returned a {type(model).__name__}; allowed: a torch.nn.Module")
    return model


def _import(reference: str) -> Callable[..., Any]:
    file = find_function(reference)
    name, function = reference.split(":")
    module = importlib.import_module(name)
    found = getattr(module, "__file__", None)
    if found is None or Path(found).resolve() != file:
        # a name of the standard library, say: it is loaded already, or comes first
        raise UserError(f"another module is called {name}; rename {file.name}")
    made: Callable[..., Any] = getattr(module, function)
    return made


@contextmanager
def _current_folder_first() -> Iterator[None]:
    """Let imports look into the current folder, as they do for a script that lies there."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:  # the user's code may change the path too
            sys.path.remove(folder)
