"""What a reader is to know before the numbers are used: the report's warnings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from advscape.report.convergence import regimes_section, unconverged_section
from advscape.report.missing import missing_section
from advscape.report.notes import notes_section
from advscape.report.samples import samples_section
from advscape.report.sanity import guess_section, published_section, sanity_section
from advscape.report.unmeasured import unmeasured_section


@dataclass(frozen=True)
class Finding:
    """One kind of warning.

    Attributes:
        anchor: of its section.
        title: what it is about.
        text: what was found, HTML; empty if nothing.
        otherwise: what is said if nothing was found.
        grave: whether numbers may be wrong, or absent, because of it: the page's head names it.
    """

    anchor: str
    title: str
    text: Markup
    otherwise: str
    grave: bool = True

    @property
    def name(self) -> str:
        """The title within a sentence."""
        return self.title[0].lower() + self.title[1:]


def findings_of(
    tables: Mapping[str, pd.DataFrame], tried: Iterable[tuple[str, str | Path]]
) -> Sequence[Finding]:
    """All kinds of warnings, the gravest first, whether there is any or not.

    Args:
        tables: missing, sanity, runs and curvature.
        tried: the experiment and the file of each trial.
    """
    sanity, curvature, runs = tables["sanity"], tables["curvature"], tables["runs"]
    return [
        Finding(
            "missing-runs", "Missing runs", missing_section(tables["missing"]),
            "No run is missing.",
        ),
        Finding(
            "published", "Accuracies that are not those published", published_section(sanity),
            "No network misses an accuracy that the config names.",
        ),
        Finding(
            "no-better-than-a-guess", "Networks that have learnt nothing", guess_section(sanity),
            "Every network does better than a constant guess.",
        ),
        Finding(
            "failed-checks", "Failed checks of the attacks", sanity_section(sanity),
            f"All {len(sanity)} checks of the attacks passed." if len(sanity) != 1
            else "The one check of the attacks passed.",
        ),
        Finding(
            "unconverged", "Not converged", unconverged_section(runs, curvature),
            "Every solution and every eigenvalue reached its tolerance.",
        ),
        Finding(
            "regimes", "Regimes without a minimiser or without a Hessian", regimes_section(runs),
            "No linear model is separable or collapsed.", grave=False,
        ),
        Finding(
            "unmeasured", "Hessians without numbers", unmeasured_section(curvature),
            "No Hessian was left out.",
        ),
        Finding(
            "few-samples", "Too few samples", samples_section(curvature),
            "No Hessian differs much between the halves of its samples.",
        ),
        Finding(
            "notes", "Notes of the trials", notes_section(tried),
            "Trying out the networks showed nothing to note.", grave=False,
        ),
    ]  # fmt: skip
