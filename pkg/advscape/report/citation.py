"""How to cite, from the text of CITATION.cff."""

from collections.abc import Mapping
from typing import Any

import yaml
from markupsafe import Markup

from advscape.report.render import render


def citation_section(text: str) -> Markup:
    """The software, and the works that are to be cited with it.

    Args:
        text: of a Citation File Format file.
    """
    record = yaml.safe_load(text)
    works = [record, *record.get("references", ())]
    return render("citation.html", message=record["message"], works=[_work(work) for work in works])


def _work(work: Mapping[str, Any]) -> dict[str, str]:
    year, version = work.get("year"), work.get("version")
    return {
        "authors": ", ".join(_author(author) for author in work["authors"]),
        "title": " ".join(work["title"].split()),
        "details": ", ".join(
            [*([f"version {version}"] if version else []), *([str(year)] if year else [])]
        ),
        "url": work.get("url", ""),
    }


def _author(author: Mapping[str, str]) -> str:
    if "name" in author:
        return author["name"]
    return f"{author['given-names']} {author['family-names']}"
