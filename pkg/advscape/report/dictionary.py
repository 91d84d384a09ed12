"""What the columns of the tables mean, from their catalogue."""

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from advscape.report.render import render
from advscape.study.columns import columns_of


def dictionary_section(tables: Iterable[str]) -> Markup:
    """Each column of some tables with its unit or kind, and its meaning."""
    described = {
        table: [
            (name, column.unit or column.kind, _html(column.meaning))
            for name, column in columns_of(table).items()
        ]
        for table in tables
    }
    return render("dictionary.html", tables=described)


def _html(meaning: str) -> Markup:
    """The catalogue's Markdown: code in backticks; links lead to files that are not here.

    >>> _html("`a<b` ([how](there.md#x))")
    Markup('<code>a&lt;b</code> (how)')
    """
    plain = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", meaning)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(plain))))
