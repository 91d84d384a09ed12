"""Captions of figures: the files of workflow/report, which Snakemake's own report reads too."""

import re
from types import SimpleNamespace

from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

_SETTINGS = {
    "report_level": 5,  # the tests find what is unsound; a page is no place for it
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "math_output": "MathML",
    "initial_header_level": 4,
}


def caption_html(text: str, experiment: str | None) -> Markup:
    """A caption as HTML.

    Args:
        text: reStructuredText, in which ``{{ snakemake.wildcards.experiment }}`` is the experiment.
        experiment: its name; None for a figure of the whole study.

    Raises:
        jinja2.UndefinedError: the text names something else, or the experiment of a study's figure.
    """
    names = {} if experiment is None else {"experiment": _plain(experiment)}
    snakemake = SimpleNamespace(wildcards=names)
    filled = Environment(undefined=StrictUndefined).from_string(text).render(snakemake=snakemake)
    parts = publish_parts(filled, writer="html5", settings_overrides=_SETTINGS)
    return Markup(parts["body"])


def _plain(name: str) -> str:
    """A name in which no character is markup."""
    return re.sub(r"([^\w\s-]|_)", r"\\\1", name)
