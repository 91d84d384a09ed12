"""A section of the config as a job has it: read by attributes, as the typed section is.

A job's spec is JSON, and reading it back as pydantic's models would take each job a tenth of a
second. So type checkers see the sections of :mod:`advscape.study.config`, and what is there is a
:class:`Record` of the same fields (properties of the sections, as their labels, are not).
"""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from advscape.references import imported

S = TypeVar("S")


class Record:
    """A mapping of JSON whose values are read as attributes; mappings in it are records too."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]):
        """Hold the values."""
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # while it is being copied there are no values yet
            raise AttributeError(name)
        if name not in self._values:
            raise AttributeError(f"{name}: this section has {', '.join(self._values)}")
        return _read(self._values[name])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self._values == other._values

    def __hash__(self) -> int:
        return hash(tuple(self._values))

    def __repr__(self) -> str:
        return f"Record({self._values!r})"


def values_of(section: Any) -> dict[str, Any]:
    """A section's keys and values, as JSON has them."""
    values: dict[str, Any] = section._values
    return dict(values)


def changed(section: S, **values: Any) -> S:
    """The section with other values."""
    return cast("S", Record(values_of(section) | values))


def make(section: Any, *arguments: Any, leave_out: tuple[str, ...] = ()) -> Any:
    """What a section of a catalogue describes.

    Args:
        section: names what it is made by, see :class:`advscape.study.config.section.Kind`.
        *arguments: what all of its catalogue are made with.
        leave_out: keys that are for others to read.
    """
    options = values_of(section)
    for name in ("name", "label", "made_by", *leave_out):
        options.pop(name, None)
    return imported(section.made_by)(*arguments, **options)


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return Record(value)
    if isinstance(value, list):
        return [_read(inner) for inner in value]
    return value
