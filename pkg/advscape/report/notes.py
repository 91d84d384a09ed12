"""What is to be known about a study's networks, as a part of the claims' page."""

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path


def notes_section(trials: Iterable[str | Path]) -> str:
    """A line for each sentence that a trial left.

    Args:
        trials: the files ``runs/<experiment>/trial.json``.

    Returns:
        HTML; empty where there is nothing to say.
    """
    lines = [
        f"<li>{escape(Path(file).parent.name)}: {escape(note)}</li>"
        for file in trials
        for note in json.loads(Path(file).read_text(encoding="utf-8"))["notes"]
    ]
    if not lines:
        return ""
    return f"<p class='contradicted'>About the networks:</p><ul>{''.join(lines)}</ul>"
