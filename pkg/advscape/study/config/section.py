"""What every section of the config is made of."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"
FUNCTION = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


_NUMBER = r"\d{1,15}(?:\.\d{1,15})?"


def fraction(value: Any) -> Any:
    """8/255, which YAML reads as text, as the nearest float; anything else as it is."""
    if isinstance(value, str):
        found = re.fullmatch(rf"\s*({_NUMBER})\s*/\s*({_NUMBER})\s*", value)
        if found and float(found[2]) > 0:
            return float(found[1]) / float(found[2])
    return value


#: a radius of a threat model; literature writes them as 8/255
Radius = Annotated[
    float,
    BeforeValidator(fraction),
    Field(ge=0, allow_inf_nan=False),
    AfterValidator(abs),  # of -0.0, which job specs would tell from 0
]
Share = Annotated[float, Field(gt=0, lt=1)]


def _held(value: int) -> int:
    """Refuse an integer that neither tables nor torch hold.

    Raises:
        ValueError: it has more than 63 bits.
    """
    if value >= 2**63:
        raise ValueError("an integer below 2**63")
    return value


Count = Annotated[int, Field(ge=1), AfterValidator(_held)]
Natural = Annotated[int, Field(ge=0), AfterValidator(_held)]


def _no_loop(name: str) -> str:
    """Refuse a name that Snakemake takes for the trace of a loop, whose jobs it then leaves out.

    Raises:
        ValueError: it is one.
    """
    if re.search(r"(.+)\1{19}$", name):
        raise ValueError("a name that does not end in 20 times the same text")
    return name


#: of what is a part of its jobs' paths
Name = Annotated[str, Field(pattern=NAME), AfterValidator(_no_loop)]


class Section(BaseModel):
    """A mapping of the config: typed strictly, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


#: the context in which sections are written for jobs
FOR_JOBS = "for jobs"


class Kind(Section):
    """A section of which several kinds may stand at one key; its ``name`` says which one does.

    For jobs it is written with ``made_by``, so that they need not know the catalogue.

    Attributes:
        made_by: ``module:name`` of the function that makes what the section describes. It is called
            with what its catalogue says, and with the section's other keys by name.
    """

    made_by: ClassVar[str]

    name: str

    @model_serializer(mode="wrap")
    def _with_maker(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        return values | {"made_by": self.made_by} if info.context == FOR_JOBS else values


@dataclass(frozen=True)
class OneOf:
    """Of a field: its value is a section of a catalogue, told by its ``name``.

    The catalogue is read when the section that has the field is defined.

    Attributes:
        catalogue: sections by name.
        default: the name that a section without one means.
        where: which of the catalogue may stand here.
    """

    catalogue: Mapping[str, type[Kind]]
    default: str | None = None
    where: Callable[[type[Kind]], bool] = lambda kind: True

    def sections(self) -> dict[str, type[Kind]]:
        """The sections that may stand here, by name."""
        return {name: kind for name, kind in self.catalogue.items() if self.where(kind)}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        sections: Any = self.sections()
        if self.default is None:
            union: Any = Annotated[reduce(or_, sections.values()), Discriminator("name")]
        else:
            tagged: Any = [Annotated[kind, Tag(name)] for name, kind in sections.items()]
            union = Annotated[reduce(or_, tagged), Discriminator(self._name)]
        return handler.generate_schema(union)

    def _name(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value.get("name", self.default)
        return getattr(value, "name", self.default)


@dataclass(frozen=True)
class NameOf:
    """Of a field: its value is a name in a catalogue, read when the field's section is defined.

    Attributes:
        catalogue: has the names.
        where: which of them may stand here.
    """

    catalogue: Collection[str]
    where: Callable[[str], bool] = lambda name: True

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.literal_schema([name for name in self.catalogue if self.where(name)])


def sections_at(annotation: Any) -> list[type[BaseModel]]:
    """The sections of which one may stand at a field, or in a value of a type."""
    if isinstance(annotation, FieldInfo):
        # what is annotated with a catalogue has it there, and its base class as the annotation
        chosen = [found for each in annotation.metadata for found in sections_at(each)]
        return chosen or sections_at(annotation.annotation)
    if isinstance(annotation, OneOf):
        return list(annotation.sections().values())
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        return [found for each in metadata for found in sections_at(each)] or sections_at(base)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in sections_at(inner)]


T = TypeVar("T")


def distinct(values: list[T]) -> list[T]:
    """Refuse a list with repeats.

    Raises:
        ValueError: a value is repeated.
    """
    repeated = [value for i, value in enumerate(values) if value in values[:i]]
    if repeated:
        raise ValueError(f"values without repeats ({repeated[0]!r} is repeated)")
    return values
