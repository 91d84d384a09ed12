"""What is to be known about a study's networks, as its trials found it: a warning."""

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


def notes_section(tried: Iterable[tuple[str, str | Path]]) -> Markup:
    """A line for each sentence that trials left; what is said of several networks stands once.

    Args:
        tried: the experiment and the file of each trial.

    Returns:
        HTML; empty where there is nothing to say.
    """
    notes = [Note(experiment, text) for experiment, file in tried for text in _texts(file)]
    return render("notes.html", notes=list(dict.fromkeys(notes)))


def _texts(trial: str | Path) -> list[str]:
    texts: list[str] = json.loads(Path(trial).read_text(encoding="utf-8"))["notes"]
    return texts
