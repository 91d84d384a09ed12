"""A mapping as one text that does not depend on the order of its keys.

Snakemake compares the *set* of parameter values, so two values that swap places, or a reordered
mapping, mislead it. A job therefore has a single parameter, a JSON text with sorted keys.
"""

import json
import re
from typing import Any

#: a brace within a text of the user's: those of JSON itself stand before a key, or are empty
_BRACE = re.compile(r'\{(?=[^"}])')


def canonical(**parts: Any) -> str:
    """Parts of a parameter as one JSON text with sorted keys; config models are unfolded.

    In a rule's fixed parameter Snakemake would take a brace in a title or a path for a wildcard.
    """
    text = json.dumps(parts, sort_keys=True, default=_unfold, allow_nan=False)
    return _BRACE.sub(r"\\u007b", text)


def read(spec: str) -> dict[str, Any]:
    """The mapping that :func:`canonical` wrote."""
    values: dict[str, Any] = json.loads(spec)
    return values


def _unfold(value: Any) -> Any:
    # by its method: importing pydantic takes a job, which only reads, a tenth of a second
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"no JSON for {type(value).__name__}")
