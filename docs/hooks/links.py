"""Links of pages that are read in the repository and on the site.

In the repository a link names a file. On the site pages of ``docs/`` stay as they are, some files
of the repository have pages of their own, and every other file that is linked to is shown as it is.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

#: files of the repository, and their pages
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "measured.md",
    "config/README.md": "module.md",
}
_FENCE = re.compile(r"(^ *```.*?^ *```)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def page_of(file: str) -> str:
    """The page on which a file of the repository is shown."""
    if file in PAGES:
        return PAGES[file]
    return file.removeprefix("docs/") if file.startswith("docs/") else f"source/{file}.md"


def rewritten(text: str, file: str) -> tuple[str, list[str]]:
    """A page with its links turned to the site's pages, and the files that it links to.

    Args:
        text: the page, in Markdown.
        file: where it lies in the repository.
    """
    found: list[str] = []
    here = PurePosixPath(page_of(file)).parent

    def turned(link: re.Match[str]) -> str:
        target = os.path.normpath(PurePosixPath(file).parent / link[1])
        found.append(target)
        return f"]({os.path.relpath(page_of(target), here)}{link[2] or ''})"

    parts = _FENCE.split(text)
    parts[::2] = [_LINK.sub(turned, part) for part in parts[::2]]
    return "".join(parts), found


def source_page(root: Path, file: str) -> str:
    """A page with the text of a file, or the names of a folder's files.

    Raises:
        FileNotFoundError: there is no such file.
    """
    head = f"---\nsearch:\n  exclude: true\n---\n\n# {file}\n\n"
    if (root / file).is_dir():
        names = sorted(entry.name for entry in (root / file).iterdir() if entry.is_file())
        return head + "".join(f"* `{file}/{name}`\n" for name in names)
    text = (root / file).read_text(encoding="utf-8")
    return f"{head}```` {_language(file)}\n{text}````\n"


def _language(file: str) -> str:
    known: Mapping[str, str] = {".py": "python", ".yaml": "yaml", ".json": "json", ".smk": "python"}
    return known.get(PurePosixPath(file).suffix, "text")
