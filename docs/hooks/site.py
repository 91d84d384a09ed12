"""What ``mkdocs build`` does beside its own: pages that are made, blocks that are run, formulas."""

import json
import os
import re
from html import unescape
from pathlib import Path, PurePosixPath
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

import advscape
from docs.hooks.blocks import executed
from docs.hooks.config_reference import pages
from docs.hooks.links import PAGES, page_of, rewritten, source_page

ROOT = Path(__file__).resolve().parents[2]
_SCHEMA = ROOT / "workflow/schemas/config.schema.json"
#: what ``make bench`` writes, and where a page shows it
_RESULTS = "benchmarks/RESULTS.md"
_WRITTEN = re.compile(r"<!-- written by make bench: begin -->\n(.*)<!-- written by", re.DOTALL)
_TABLES = "<!-- the tables of benchmarks/RESULTS.md -->"
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that no file of ``docs/`` holds."""

    def add(name: str, text: str, inclusion: InclusionLevel = InclusionLevel.INCLUDED) -> None:
        files.append(File.generated(config, name, content=text, inclusion=inclusion))

    own = [f"docs/{file.src_uri}" for file in files.documentation_pages()]
    for file, page in PAGES.items():
        add(page, (ROOT / file).read_text(encoding="utf-8"))
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    for name, text in pages(schema).items():
        add(f"reference/config/{name}.md", text)
    add("reference/api.md", _api())
    linked = {
        target
        for file in [*own, *PAGES]
        for target in rewritten((ROOT / file).read_text(encoding="utf-8"), file)[1]
    }
    for target in sorted(linked):
        if page_of(target).startswith("source/"):
            add(page_of(target), source_page(ROOT, target), InclusionLevel.NOT_IN_NAV)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links, and run the blocks of pages of ``docs/``."""
    place = PurePosixPath(page.file.src_uri)
    included = {site: file for file, site in PAGES.items()}.get(str(place))
    if included:
        return rewritten(markdown, included)[0]
    if not (ROOT / "docs" / place).exists():
        return markdown

    def keep(name: str, figure: bytes) -> str:
        files.append(File.generated(config, f"figures/{name}", content=figure))
        return os.path.relpath(f"figures/{name}", place.parent)

    text = rewritten(markdown, f"docs/{place}")[0]
    if _TABLES in text:
        text = text.replace(_TABLES, rewritten(measured(), _RESULTS)[0])
    return executed(text, place.stem, keep)


def measured() -> str:
    """The tables that ``make bench`` writes.

    Raises:
        ValueError: they are not there.
    """
    found = _WRITTEN.search((ROOT / _RESULTS).read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{_RESULTS} lacks the part that `make bench` writes")
    return found[1]


def on_page_content(html: str, **_: Any) -> str:
    """Write formulas as MathML, which needs no script."""

    def formula(found: re.Match[str]) -> str:
        display = "inline" if found[1] == "span" else "block"
        return convert(unescape(found[2]), display=display)

    return _FORMULA.sub(formula, html)


def _api() -> str:
    entries = [f"::: advscape.{name}" for name in advscape.__all__]
    return "\n\n".join(["# The library", "What `import advscape` offers.", *entries, ""])
