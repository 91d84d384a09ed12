"""What YAML readers pass over in silence: a key that stands twice, or a number of another base."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from advscape.errors import UserError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: 010 is 8 in YAML, and 1:30 is 90
_OTHER_BASE = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def check_yaml(path: str | Path) -> None:
    """Refuse a config file that is no YAML mapping, or that says something else than it seems to.

    That is a key that stands twice, and a number of another base.

    Raises:
        UserError: one line with the file, and with the line in it where there is one.
    """
    try:
        # as Snakemake reads it; JSON is YAML
        with open(path, encoding="utf-8") as stream:
            loader = _Loader(stream)
            tree = loader.get_single_node()
        # before the values are made, which writes what is merged by << into the tree
        problem = next(_problems(tree), None) if tree is not None else None
        if tree is not None:
            loader.construct_document(tree)  # dates and tags that there are none of
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"config: {path}{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"config: {path}: not YAML: {text}") from None
    except RecursionError:
        raise UserError(f"config: {path}: too many mappings or lists within each other") from None
    except OSError as error:
        raise UserError(f"config: {path}: {error.strerror}") from None
    if not isinstance(tree, yaml.MappingNode):
        what = "empty" if tree is None else "no mapping"
        raise UserError(f"config: {path} is {what}; allowed: the keys study and experiments")
    if problem is not None:
        line_of_it, words = problem
        raise UserError(f"config: {path}, line {line_of_it}: {words}")


def _problems(tree: yaml.Node) -> Iterator[tuple[int, str]]:
    """Keys that a mapping has twice and numbers of another base: the line, from 1, and words."""
    todo, seen = [tree], set()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # what anchors share
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            yield from _repeated(node)
            todo += [each for pair in node.value for each in pair]
        elif node.tag in _NUMBERS and _OTHER_BASE.fullmatch(node.value):
            words = f"got {node.value}, which YAML reads in another base than ten"
            allowed = "a number of base ten, or a text in quotes"
            yield node.start_mark.line + 1, f"{words}; allowed: {allowed}"


def _repeated(mapping: yaml.MappingNode) -> Iterator[tuple[int, str]]:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in mapping.value:
        line = key.start_mark.line + 1
        if isinstance(key, yaml.ScalarNode):
            name = (key.tag, key.value)
            if name in lines:
                first = f"first in line {lines[name]}; allowed: once"
                yield line, f"{key.value} stands twice in a mapping, {first}"
            lines[name] = line
