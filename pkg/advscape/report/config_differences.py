"""Two studies' configs, key by key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advscape.errors import shown


@dataclass(frozen=True)
class KeyDifference:
    """A key of the config that differs.

    Attributes:
        key: its path, as ``experiments[resnet].training.epochs``.
        values: in the first config and in the second, in words.
    """

    key: str
    values: tuple[str, str]


def config_differences(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[KeyDifference, ...]:
    """Keys that differ, in their order; what has a name is found by it, wherever it stands.

    Args:
        first: a config.
        second: the other.
    """
    mine, theirs = dict(_flat(first, "")), dict(_flat(second, ""))
    return tuple(
        KeyDifference(key, (_value(mine, key), _value(theirs, key)))
        for key in {**mine, **theirs}
        if key not in mine or key not in theirs or mine[key] != theirs[key]
    )


def _value(flat: Mapping[str, Any], key: str) -> str:
    return shown(flat[key]) if key in flat else "no such key"


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All single values with their paths; lists of numbers or names are single values."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for name, inner in zip(_names(value), value, strict=True):
            yield from _flat(inner, f"{path}[{name}]")
    else:
        yield path, value


def _names(items: list[Any]) -> list[str]:
    """What the sections of a list are called: names or ids where all have their own, or numbers."""
    for key in ("name", "id"):
        names = [str(item.get(key)) for item in items if isinstance(item, Mapping) and key in item]
        if len(set(names)) == len(items):
            return names
    return [str(i) for i in range(len(items))]
