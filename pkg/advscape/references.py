"""Functions and classes named in text as ``module:name``, so that naming one imports nothing.

Catalogues and config sections name what they stand for in this way: the workflow reads them at
every start, and only the job that needs the function imports it (and torch with it).
"""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

#: a reference into this library
OWN = re.compile(r"advscape(\.\w+)+:\w+")


def imported(reference: str) -> Callable[..., Any]:
    """What a reference names.

    Args:
        reference: ``module:name``.

    Raises:
        ImportError: there is no such module.
        AttributeError: the module has no such name.

    >>> imported("advscape.seeds:stream").__name__
    'stream'
    """
    module, name = reference.split(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
