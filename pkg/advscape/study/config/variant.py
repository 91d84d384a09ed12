"""Other trainings of an experiment's networks, to be compared over the same seeds."""

from typing import Any

from pydantic import Field

from advscape.study.config.section import Name, Section

#: name of the training that the others differ from
BASE = "base"


class Variant(Section):
    """A training that differs from the experiment's."""

    name: Name = Field(description="Unique; in tables' column variant.")
    training: dict[str, Any] = Field(
        min_length=1,
        description="The keys of training that differ, each with its whole new value.",
    )
