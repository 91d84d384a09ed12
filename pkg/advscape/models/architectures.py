"""Names of architectures in somebody else's catalogue.

They are read here, never imported: torchvision's models would load torch, and this runs at every
start of the workflow.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from advscape.models.own_function import module_file

#: a function that a module of torchvision.models registers under its own name
_REGISTERED = re.compile(r"^@register_model\(\)\n(?:[@ )].*\n)*def (\w+)", re.MULTILINE)


def torchvision_architectures() -> list[str]:
    """Names of the classification networks of torchvision.models, sorted.

    Empty where torchvision's files are not to be found.
    """
    package = module_file("torchvision.models")
    if package is None:
        return []
    texts = [file.read_text(encoding="utf-8") for file in package.parent.glob("*.py")]
    return sorted(name for text in texts for name in _REGISTERED.findall(text))


def one_of(names: Sequence[str], given: str) -> str:
    """How many names are allowed, and which of them are like the one that was given.

    >>> one_of(["resnet18", "resnet34", "vgg11"], "resnet19")
    'one of 3 names, such as resnet18, resnet34'
    """
    close = get_close_matches(given, names, 3)
    return f"one of {len(names)} names" + (f", such as {', '.join(close)}" if close else "")
