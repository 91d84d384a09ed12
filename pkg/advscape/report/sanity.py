"""What of the attacks' sanity checks failed, as a part of the claims' page."""

from html import escape

import pandas as pd

_HEADER = ("experiment", "check", "failed", "worst value", "bound", "runs")


def sanity_section(sanity: pd.DataFrame) -> str:
    """One line with the number of failed checks, and a table of them if there are any.

    Args:
        sanity: all rows of sanity.csv.

    Returns:
        HTML; one row for each experiment and check, which names its runs.
    """
    failed = sanity[~sanity["ok"].astype(bool)]
    if failed.empty:
        return f"<p>Sanity of the attacks: all {len(sanity)} checks passed.</p>"
    head = "".join(f"<th>{title}</th>" for title in _HEADER)
    groups = failed.groupby(["experiment", "check"], sort=False)
    body = "".join(_row(name, rows, sanity) for name, rows in groups)
    return (
        f"<p class='contradicted'>Sanity of the attacks: <b>{len(failed)} of {len(sanity)} checks "
        f"failed</b>. Read robustness, and what rests on these attacks, with that in mind "
        f"(<code>tables/sanity.csv</code>).</p><table><tr>{head}</tr>{body}</table>"
    )


def _row(name: tuple[str, str], rows: pd.DataFrame, sanity: pd.DataFrame) -> str:
    experiment, check = name
    total = ((sanity["experiment"] == experiment) & (sanity["check"] == check)).sum()
    # a value that is missing was not a number: nothing is worse
    worst = rows["value"].max(skipna=False)
    runs = rows.groupby(["noise", "epsilon"], sort=False)["seed"].apply(
        lambda seeds: ", ".join(map(str, sorted(set(seeds))))
    )
    places = "; ".join(f"{n} {e:g}: seed {seeds}" for (n, e), seeds in runs.items())
    cells = (
        escape(experiment),
        escape(check),
        f"{len(rows)} of {total}",
        "not a number" if pd.isna(worst) else f"{worst:.3g}",
        f"{rows['bound'].iloc[0]:g}",
        f"<small>{escape(places)}</small>",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
