"""The reference of the config: a page for each section of an experiment, from the JSON schema."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
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
        waiting += [part for field in _fields(section).values() for part in _named(field)]


def _heading(section: Schema, name: str) -> str:
    constant = _fields(section).get("name", {}).get("const")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # FiniteScale: two words
    return str(constant or words[0] + words[1:].lower())


def _fields(section: Schema) -> Mapping[str, Schema]:
    fields: Mapping[str, Schema] = section.get("properties", {})
    return fields


def _section(schema: Schema, section: Schema, title: str, level: int) -> str:
    lines = [f"{'#' * level} {title}\n", section.get("description", ""), ""]
    required = section.get("required", [])
    if _fields(section):
        lines += ["| key | allowed | unless given | meaning |", "| --- | --- | --- | --- |"]
    for key, field in _fields(section).items():
        default = "**required**" if key in required else _default(field)
        allowed = _allowed(schema, field)
        if title in EXPERIMENTS.values() and list(_named(field)):  # it has a page
            allowed = f"[{key}]({key}.md)"
        lines.append(f"| `{key}` | {allowed} | {default} | {_cell(field)} |")
    for choice in section.get("anyOf", []):
        lines.append(f"* {_allowed(schema, choice)}")
    return "\n".join(lines) + "\n"


def _cell(field: Schema) -> str:
    text: str = field.get("description", "")
    return text.replace("|", "\\|").replace("<", "&lt;")


def _default(field: Schema) -> str:
    default = field.get("default")
    if "default" not in field or default is None or isinstance(default, dict):
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


def _allowed(schema: Schema, field: Schema) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        if name in EXPERIMENTS:
            name, heading = EXPERIMENTS[name], EXPERIMENTS[name].lower()
        else:
            name = heading = _heading(schema["$defs"][name], name)
        return f"[{heading}](#{slugify(name, '-')})"
    choices = field.get("anyOf") or field.get("oneOf")
    if choices:
        texts = [_allowed(schema, choice) for choice in choices]
        return " or ".join(dict.fromkeys(text for text in texts if text != "null"))
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kind = str(field.get("type", "any value"))
    if kind == "array":
        return f"list of {_allowed(schema, field.get('items', {}))}"
    return " ".join([kind, *_bounds(field)])


def _bounds(field: Schema) -> Iterator[str]:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    for key, word in words.items():
        if key in field:
            yield f"{word} {field[key]:g}".replace("<", "&lt;").replace(">", "&gt;")
