"""Figures as pictures in the page: the PNGs, scaled, as data URIs."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup
from PIL import Image

from advscape.report.captions import caption_html
from advscape.report.render import render

#: widest picture in the page, in pixels
WIDTH = 1800
#: pixels of a page to the inch
PAGE_DPI = 96
#: kinds of figures that carry the answer, in this order; the first three that there are
ANSWER = ("along", "curvature", "landscape", "robustness")


@dataclass(frozen=True)
class Picture:
    """A figure in the page.

    Attributes:
        name: of its files, and its anchor.
        kind: of figure.
        title: whose it is.
        category: under which it stands.
        experiment: its name; None for a figure of the whole study.
        source: data URI of the picture.
        width: at which it is shown, pixels of the page: its letters are then as large as on paper.
        height: likewise.
        caption: HTML.
    """

    name: str
    kind: str
    title: str
    category: str
    experiment: str | None
    source: str
    width: int
    height: int
    caption: Markup

    @property
    def described(self) -> str:
        """In place of the picture, for those who do not see it."""
        return f"{self.kind} of {self.title}; the caption says what is shown"


def pictures_of(
    figures: Sequence[Mapping[str, Any]], captions: Mapping[str, str], folder: Path
) -> list[Picture]:
    """Read all figures.

    Args:
        figures: as of :func:`advscape.study.outline.outline`.
        captions: reStructuredText of each kind.
        folder: where the PNGs are.
    """
    pictures = []
    for figure in figures:
        source, (width, height) = embedded(folder / f"{figure['name']}.png")
        pictures.append(
            Picture(
                **figure,
                source=source,
                width=width,
                height=height,
                caption=caption_html(captions[figure["kind"]], figure["experiment"]),
            )
        )
    return pictures


def embedded(file: Path) -> tuple[str, tuple[int, int]]:
    """A PNG as a data URI, no wider than ``WIDTH``, and its size on a page."""
    with Image.open(file) as image:
        dpi = image.info.get("dpi", (PAGE_DPI, PAGE_DPI))
        shown = [round(side * PAGE_DPI / each) for side, each in zip(image.size, dpi, strict=True)]
        picture = Image.new("RGB", image.size, "white")
        picture.paste(image, mask=image.convert("RGBA").getchannel("A"))
    if picture.width > WIDTH:
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    # without loss, and half as large as PNG
    picture.save(content, "WEBP", lossless=True, quality=60, method=4)
    encoded = base64.b64encode(content.getvalue()).decode()
    return f"data:image/webp;base64,{encoded}", (shown[0], shown[1])


def answering(pictures: Sequence[Picture], claims: pd.DataFrame) -> list[Picture]:
    """The figures that carry the answer: of the experiment with the most claims.

    Of experiments with equally many it is the study's first, also where there are none.

    Args:
        pictures: all figures, in the order of the study.
        claims: rows of claims.csv.
    """
    counts = claims["experiment"].value_counts()
    names = list(dict.fromkeys(p.experiment for p in pictures if p.experiment is not None))
    if not names:
        return []
    chosen = max(names, key=lambda name: counts.get(name, 0))  # the first of the largest
    own = {picture.kind: picture for picture in pictures if picture.experiment == chosen}
    return [own[kind] for kind in ANSWER if kind in own][:3]


def answer_section(shown: Sequence[Picture]) -> Markup:
    """The figures that carry the answer, with the rule that chose them."""
    return render("answer.html", pictures=shown)


def figures_section(pictures: Sequence[Picture], shown: Sequence[Picture]) -> Markup:
    """All figures by category; those that are shown above are links, so that none is there twice.

    Args:
        pictures: all figures.
        shown: those that stand above.
    """
    categories = {
        category: [picture for picture in pictures if picture.category == category]
        for category in dict.fromkeys(picture.category for picture in pictures)
    }
    return render("figures.html", categories=categories, shown=[p.name for p in shown])
