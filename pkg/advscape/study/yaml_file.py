"""What YAML readers pass over in silence: a key that stands twice, of which the last one wins."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from advscape.errors import UserError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_yaml(path: str | Path) -> None:
    """Refuse a config file that is no YAML mapping, or in which a key stands twice.

    Raises:
        UserError: one line with the file, and with the line in it where there is one.
    """
    try:
        # as Snakemake reads it; JSON is YAML
        with open(path, encoding="utf-8") as stream:
            tree = yaml.compose(stream, Loader=_Loader)
        problem = next(_repeated(tree), None) if tree is not None else None
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
        key, again, first = problem
        raise UserError(
            f"config: {path}, line {again}: {key} stands twice in a mapping, first in line "
            f"{first}; allowed: once"
        )


def _repeated(tree: yaml.Node) -> Iterator[tuple[str, int, int]]:
    """Keys that a mapping has twice: the key, its line and its first line, from 1."""
    todo, seen = [tree], set()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # what anchors share
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, str], int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode):
                    name = (key.tag, key.value)
                    if name in lines:
                        yield key.value, line, lines[name]
                    lines[name] = line
                todo += [key, value]
