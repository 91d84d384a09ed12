"""What is to be known about a study's networks, as a part of the claims' page."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from advscape.report.render import render


@dataclass(frozen=True)
class Note:
    """A sentence that a trial left.

    Attributes:
        experiment: whose network was tried.
        text: the sentence.
    """

    experiment: str
    text: str


def notes_section(trials: Iterable[str | Path]) -> Markup:
    """A line for each sentence that a trial left.

    Args:
        trials: the files ``runs/<experiment>/trial.json``.

    Returns:
        HTML; empty where there is nothing to say.
    """
    notes = [Note(file.parent.name, text) for file in map(Path, trials) for text in _texts(file)]
    return render("notes.html", notes=notes)


def _texts(trial: Path) -> list[str]:
    texts: list[str] = json.loads(trial.read_text(encoding="utf-8"))["notes"]
    return texts
