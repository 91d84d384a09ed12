"""Sections of a config as a job has them, for tests of what they describe."""

from advscape.models.build import build_model
from advscape.stages.record import Record, make
from advscape.stages.run import named
from advscape.study.config.attack import ATTACKS
from advscape.study.config.model import MODELS
from advscape.study.config.section import FOR_JOBS


def as_record(catalogue, section):
    """The section with every default filled in, without keys that are another kind's."""
    kind = catalogue[section["name"]]
    if section["name"] == "custom":
        section = {"label": "mine", **section}
    checked = kind.model_validate({k: v for k, v in section.items() if k in kind.model_fields})
    return Record(checked.model_dump(mode="json", context=FOR_JOBS))


def attack_section(**section):
    return as_record(ATTACKS, section)


def built_attack(section, threat):
    return make(attack_section(**section), threat)


def built_model(section, classes, shape, seed=0):
    """The network of a section, a mapping or a record, as a job makes it."""
    record = section if isinstance(section, Record) else as_record(MODELS, section)
    return build_model(
        lambda: make(record, classes, shape, leave_out=("normalise",)),
        named(record), classes, shape, seed,
    )  # fmt: skip
