"""The claims with their verdicts: where the report begins."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from advscape.report.forest import Axis, Effect, Plot
from advscape.report.numbers import count, interval, number, p_value, without_width
from advscape.report.render import render

#: in the order in which they are counted; how each looks: a colour's name and a sign, for those
#: who do not see colours
VERDICTS = {
    "supported": ("supported", "\u2713"),
    "contradicted": ("contradicted", "\u2717"),
    "not supported": ("open", "\u25cb"),
    "not testable": ("open", "?"),
}
#: kinds of effects, as the axis of the plot names them
AXES = {
    "ratio": "ratio",
    "difference": "difference",
    "tau": "Kendall's tau",
    "share": "share",
}


@dataclass(frozen=True)
class Claim:
    """One claim, as claims.csv has it; None for a number that there is not.

    Attributes:
        id: of the claim, the user's; not always unique.
        statement: the claim in words.
        experiment: whose runs decide it.
        quantity: what was measured.
        rows: which of the measurements, in words.
        verdict: the outcome.
        kind: of the effect, a key of ``AXES``.
        statistic: what the estimate is, in words.
        effect: the estimate with its interval, and what the rule asks for.
        p: of the rule's test.
        p_holm: the same, corrected for the number of the study's claims.
        detectable: the smallest effect that so many seeds would find in 80 % of studies.
        seeds: their number.
        runs: their number.
        missing: runs that are not there, in words; empty if none.
        rule: the decision rule in words.
    """

    id: str
    statement: str
    experiment: str
    quantity: str
    rows: str
    verdict: str
    kind: str
    statistic: str
    effect: Effect | None
    p: float | None
    p_holm: float | None
    detectable: float | None
    seeds: int
    runs: int
    missing: str
    rule: str

    @property
    def look(self) -> str:
        """Colour of the verdict."""
        return VERDICTS.get(self.verdict, ("open", ""))[0]

    @property
    def sign(self) -> str:
        """Sign of the verdict."""
        return VERDICTS.get(self.verdict, ("open", ""))[1]

    @property
    def estimate(self) -> str:
        """The effect in words."""
        if self.effect is None:
            return "no estimate"
        return interval(self.effect.value, self.effect.low, self.effect.high)

    @property
    def varies(self) -> bool:
        """Whether the seeds differ, so that there is an interval to speak of."""
        e = self.effect
        return e is not None and not without_width(e.value, e.low, e.high)

    @property
    def tested(self) -> str:
        """The p values in words; a test of seeds that do not differ has none."""
        if self.p is None:
            return ""
        if self.p == 0 and not self.varies:
            return "no p value, because the seeds do not differ"
        corrected = "" if self.p_holm is None else f", Holm's p {p_value(self.p_holm)}"
        return f"p {p_value(self.p)}{corrected}"


@dataclass(frozen=True)
class Drawn:
    """A claim with its place on the axis of its kind; without one where there is no estimate."""

    claim: Claim
    plot: Plot | None
    ticks: Sequence[tuple[float, str]]
    axis: str
    anchor: str


def claims_of(table: pd.DataFrame) -> list[Claim]:
    """The records of claims.csv, in their order."""
    return [_claim(row) for row in table.to_dict("records")]


def _claim(row: Mapping[Hashable, Any]) -> Claim:
    def some(name: str) -> float | None:
        return None if pd.isna(row[name]) else float(row[name])

    def text(name: str) -> str:
        return "" if pd.isna(row[name]) else str(row[name])

    value, low, high = (some(name) for name in ("estimate", "ci_low", "ci_high"))
    effect = None
    if value is not None and low is not None and high is not None:
        effect = Effect(value=value, low=low, high=high, bound=some("bound"))
    return Claim(
        id=text("claim"),
        statement=text("statement"),
        experiment=text("experiment"),
        quantity=text("quantity"),
        rows=text("rows"),
        verdict=text("verdict"),
        kind=text("effect"),
        statistic=text("statistic"),
        effect=effect,
        p=some("p_value"),
        p_holm=some("p_holm"),
        detectable=some("detectable"),
        seeds=int(row["seeds"]),
        runs=int(row["n_runs"]),
        missing=text("missing"),
        rule=text("rule"),
    )


def verdicts_in_words(claims: Sequence[Claim]) -> str:
    """How many claims have which verdict, in a sentence.

    >>> verdicts_in_words([])
    'This study states no claims.'
    """
    if not claims:
        return "This study states no claims."
    counts = Counter(claim.verdict for claim in claims)
    if len(claims) == 1:
        return f"The study's one claim is {claims[0].verdict}."
    if len(counts) == 1:
        return f"All {len(claims)} claims are {claims[0].verdict}."
    known = [verdict for verdict in (*VERDICTS, *counts) if counts[verdict]]
    parts = [
        f"{counts[verdict]} {'is' if counts[verdict] == 1 else 'are'} {verdict}"
        for verdict in dict.fromkeys(known)
    ]
    return f"Of {len(claims)} claims {', '.join(parts[:-1])} and {parts[-1]}."


def claims_section(claims: Sequence[Claim]) -> Markup:
    """Every claim with its verdict, its effect on an axis, its numbers and its rule.

    Claims whose effects are of one kind share an axis, so that they are a forest plot.

    Args:
        claims: as :func:`claims_of` gives them.

    Returns:
        HTML.
    """
    axes = {
        kind: Axis(kind, [c.effect for c in claims if c.kind == kind and c.effect is not None])
        for kind in {claim.kind for claim in claims}
    }
    return render(
        "claims.html",
        claims=[_drawn(i, claim, axes[claim.kind]) for i, claim in enumerate(claims, start=1)],
        number=number,
        count=count,
    )


def _drawn(place: int, claim: Claim, axis: Axis) -> Drawn:
    ticks = [(at, number(value)) for at, value in axis.ticks]
    plot = None if claim.effect is None else axis.plot(claim.effect)
    name = AXES.get(claim.kind, claim.kind) + (", logarithmic" if axis.logarithmic else "")
    return Drawn(claim, plot, ticks, name, f"claim-{place}")
