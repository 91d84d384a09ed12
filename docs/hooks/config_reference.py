"""The reference of the config: a page for each section of an experiment, from the JSON schema."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from markdown.extensions.toc import slugify

Schema = Mapping[str, Any]

#: kinds of experiments, and what they are about
EXPERIMENTS = {
    "LinearExperiment": "Linear models",
    "TrainedExperiment": "Networks that are trained",
    "GivenExperiment": "Networks that are already trained",
}


def pages(schema: Schema) -> dict[str, str]:
    """The pages, in Markdown, by name: ``index``, and an experiment's keys that are sections."""
    sections: dict[str, list[str]] = {}
    overview = [_section(schema, schema, "A study", 1)]
    for name, title in EXPERIMENTS.items():
        experiment = schema["$defs"][name]
        overview.append(_section(schema, experiment, title, 2))
        for key in experiment["properties"]:
            sections.setdefault(key, []).extend(_named(experiment["properties"][key]))
    found = {"index": "\n".join(overview)}
    for key, own in sections.items():
        if own:
            found[key] = "\n".join([f"# {key}\n", *_with_parts(schema, own)])
    return found


def _with_parts(schema: Schema, own: Iterable[str]) -> Iterator[str]:
    """Sections, and then the sections that these name, each once."""
    waiting, done = list(own), set(EXPERIMENTS)
    while waiting:
        name = waiting.pop(0)
        if name in done:
            continue
        done.add(name)
        section = schema["$defs"][name]
        yield _section(schema, section, _heading(section, name), 2)
        waiting += [part for field in fields(section).values() for part in _named(field)]


def _heading(section: Schema, name: str) -> str:
    constant = fields(section).get("name", {}).get("const")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # FiniteScale: two words
    return str(constant or words[0] + words[1:].lower())


def fields(section: Schema) -> dict[str, Schema]:
    """Keys of a section, also of one in whose place something else may stand."""
    forms = [section, *section.get("anyOf", ())]
    return {key: field for form in forms for key, field in form.get("properties", {}).items()}


def _section(schema: Schema, section: Schema, title: str, level: int) -> str:
    lines = [f"{'#' * level} {title}\n", section.get("description", ""), ""]
    if fields(section):
        lines += ["| key | allowed | unless given | meaning |", "| --- | --- | --- | --- |"]
    for key, field in fields(section).items():
        default = unless_given(section, key)
        taken = allowed(field, partial(_link, schema))
        if title in EXPERIMENTS.values() and list(_named(field)):  # it has a page
            taken = f"[{key}]({key}.md)"
        lines.append(f"| `{key}` | {taken} | {default} | {meaning(field)} |")
    others = [form for form in section.get("anyOf", []) if "properties" not in form]
    lines += ["", *(f"* {allowed(form, partial(_link, schema))}" for form in others)]
    return "\n".join(lines) + "\n"


def meaning(field: Schema) -> str:
    """What a key means, as a cell of a table."""
    text: str = field.get("description", "")
    return text.replace("|", "\\|").replace("<", "&lt;")


def unless_given(section: Schema, key: str) -> str:
    """What holds where a section does not give a key, as a cell of a table."""
    if key in section.get("required", []):
        return "**required**"
    default = fields(section)[key].get("default")
    if default is None or isinstance(default, dict):
        return ""
    return f"`{json.dumps(default)}`"


def _named(field: Any) -> Iterator[str]:
    """Names of the sections that a field takes, in their order."""
    if isinstance(field, list):
        for part in field:
            yield from _named(part)
    elif isinstance(field, dict):
        if "$ref" in field:
            yield field["$ref"].rsplit("/", 1)[1]
        for key in ("anyOf", "oneOf", "items", "additionalProperties"):
            yield from _named(field.get(key))


def _link(schema: Schema, name: str) -> str:
    if name in EXPERIMENTS:
        name, heading = EXPERIMENTS[name], EXPERIMENTS[name].lower()
    else:
        name = heading = _heading(schema["$defs"][name], name)
    return f"[{heading}](#{slugify(name, '-')})"


def allowed(field: Schema, section: Callable[[str], str]) -> str:
    """What a key takes, as a cell of a table; ``section`` says how one of that name is called."""
    if "$ref" in field:
        return section(field["$ref"].rsplit("/", 1)[1])
    choices = field.get("anyOf") or field.get("oneOf")
    if choices:
        texts = [allowed(choice, section) for choice in choices]
        return " or ".join(dict.fromkeys(text for text in texts if text != "null"))
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kind = str(field.get("type", "any value"))
    if kind == "array":
        return f"list of {allowed(field.get('items', {}), section)}"
    return " ".join([kind, *_bounds(field)])


def _bounds(field: Schema) -> Iterator[str]:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    for key, word in words.items():
        if key in field:
            yield f"{word} {field[key]:g}".replace("<", "&lt;").replace(">", "&gt;")
