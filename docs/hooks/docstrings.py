"""Docstrings are written for Sphinx; on the site their formulas and references are Markdown's."""

import re
from textwrap import dedent

import griffe

_MATH = re.compile(r"^( *)\.\. math::(.*\n(?:\1 +.*\n?|\s*\n)*)", re.MULTILINE)
#: the parser of docstrings knows examples by their plural
_EXAMPLE = re.compile(r"^( *)Example:$", re.MULTILINE)
_ROLE = re.compile(r":(?:mod|class|func|meth|data|attr):`~?([^`]+)`")


class Markdown(griffe.Extension):
    """Turns ``.. math::``, ``:mod:`` and ``Example:`` into what Markdown and its parser know."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Change the docstring of every object that was found."""
        if obj.docstring:
            obj.docstring.value = in_markdown(obj.docstring.value)


def in_markdown(text: str) -> str:
    """A docstring with formulas between dollars and names between backticks."""

    def formula(found: re.Match[str]) -> str:
        return f"{found[1]}$$\n{_indented(dedent(found[2]).strip(), found[1])}\n{found[1]}$$\n\n"

    return _ROLE.sub(r"`\1`", _MATH.sub(formula, _EXAMPLE.sub(r"\1Examples:", text)))


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line.strip() for line in text.splitlines() if line.strip())
