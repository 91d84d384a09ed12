"""The tables of all machines that were measured, for RESULTS.md, and their figure.

A machine is a file of ``benchmarks/machines``: its facts, and for each step of ``make bench`` the
command and its rows.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from rows import Row, read

from advscape.figures.style import SMALL, TWO_COLUMNS, Drawn, apply

BEGIN, END = "<!-- written by make bench: begin -->\n", "<!-- written by make bench: end -->\n"
FIGURE = "docs/images/benchmarks.svg"
#: heights in the figure, in inches: of a row, and of what is above and below
_ROW, _REST = 0.17, 0.9


@dataclass(frozen=True)
class Machine:
    """What was measured on one.

    Attributes:
        name: of its file.
        facts: words by name.
        commands: by step.
        rows: by step.
    """

    name: str
    facts: dict[str, str]
    commands: dict[str, str]
    rows: dict[str, list[Row]]


def machines(folder: Path) -> list[Machine]:
    """All that were measured, by name."""
    found = []
    for file in sorted(folder.glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        steps = content["steps"]
        commands = {step: record["command"] for step, record in steps.items()}
        rows = {step: read(record["rows"]) for step, record in steps.items()}
        found.append(Machine(file.stem, content["facts"], commands, rows))
    return found


def written(text: str, measured: list[Machine]) -> str:
    """A page with its part between the markers written again.

    Raises:
        ValueError: the page has no markers.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page lacks its markers, {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + "\n" + tables(measured) + "\n" + END + after


def tables(measured: list[Machine]) -> str:
    """The machines, the figure, and a table for each step, in Markdown."""
    if not measured:
        return "No machine has been measured yet: `make bench`.\n"
    facts = dict.fromkeys(name for machine in measured for name in machine.facts)
    lines = row("", *(machine.name for machine in measured)) + rule(1 + len(measured))
    for name in facts:
        lines += row(name, *(machine.facts.get(name, "") for machine in measured))
    lines += f"\n![Times of the peers over ours, median and range over turns](../{FIGURE})\n"
    for step in dict.fromkeys(step for machine in measured for step in machine.rows):
        command = next(m.commands[step] for m in measured if step in m.commands)
        lines += f"\n### {step}\n\n`{command}`\n\n"
        lines += row("what", "peer", "answers", "machine", "times as fast as the peer", "turns")
        lines += rule(6)
        for found, machine in together(measured, step):
            turns = str(len(found.ratios) or "")
            lines += row(found.compared, found.peer, found.answers, machine, found.faster, turns)
    return lines


def together(measured: list[Machine], step: str) -> list[tuple[Row, str]]:
    """Rows of a step with their machine's name: one peer's on all machines below each other."""
    found = [(row, machine.name) for machine in measured for row in machine.rows.get(step, [])]
    order = list(dict.fromkeys((row.compared, row.peer) for row, _ in found))
    return sorted(found, key=lambda pair: order.index((pair[0].compared, pair[0].peer)))


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def rule(columns: int) -> str:
    """The line below its head."""
    return f"|{' --- |' * columns}\n"


def figure(measured: list[Machine]) -> Drawn:
    """Ratios of all steps, a line for each peer: median and range, a colour for each machine."""
    apply()
    records = [
        {"what": f"{row.compared} / {row.peer}", "machine": machine, "x": ratio}
        for step in dict.fromkeys(step for m in measured for step in m.rows)
        for row, machine in together(measured, step)
        for ratio in row.ratios
    ]
    data = pd.DataFrame(records, columns=["what", "machine", "x"])
    spread = data.groupby(["what", "machine"], sort=False)["x"].agg(["median", "min", "max"])
    labels = list(dict.fromkeys(data["what"]))
    drawn = Figure(figsize=(TWO_COLUMNS, _REST + _ROW * len(labels)), layout="constrained")
    ax = drawn.subplots()
    ax.axvline(1, color="0.6", linewidth=0.8)
    names = [machine.name for machine in measured]
    for i, name in enumerate(names):
        own = spread[spread.index.get_level_values("machine") == name]
        places = [labels.index(what) for what, _ in own.index]
        shift = 0.5 * ((i + 0.5) / len(names) - 0.5)
        middle = own["median"]
        reach = [middle - own["min"], own["max"] - middle]
        ax.errorbar(
            middle, [p + shift for p in places], xerr=reach, fmt="o", color=f"C{i}", label=name
        )
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    ax.set_yticks(range(len(labels)), labels, fontsize=SMALL)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.set_xlabel("times as fast as the peer")
    drawn.legend(loc="outside upper right", ncols=max(1, len(names)), frameon=False)
    return Drawn(drawn, data)
