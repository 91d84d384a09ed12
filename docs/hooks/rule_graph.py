"""The picture of the workflow's rules, ``docs/images/rules.svg``: ``make schema``.

Snakemake says which rule needs which; rules of figures are one box, and so are rules that take
files of each other. An arrow that others imply is left out.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx as nx

ROOT = Path(__file__).resolve().parents[2]
#: has an experiment of each kind that is trained
STUDY = ROOT / "studies/smoke.yaml"
_WIDTH, _GAP, _LINE, _ROW = 124, 26, 16, 44
_STYLE = """
rect { fill: #e8eaf6; stroke: #3f51b5; }
text { font: 13px sans-serif; text-anchor: middle; fill: #1a237e; }
path { fill: none; stroke: #7986cb; stroke-width: 1.2; }
"""


def rule_graph() -> nx.DiGraph:
    """The rules of a study, an edge from each to those that take its files."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
        command += ["--directory", folder, "--configfile", STUDY, "--rulegraph", "dot"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {
        number: re.sub("^figure_.*", "figure_*", name)
        for number, name in re.findall(r'(\d+)\[label = "(\w+)"', said)
    }
    graph = nx.DiGraph()
    graph.add_nodes_from(names.values())
    graph.add_edges_from((names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", said))
    return graph


def drawn(graph: nx.DiGraph) -> str:
    """The picture, as SVG."""
    whole = nx.condensation(graph)
    boxes = {node: sorted(members, reverse=True) for node, members in whole.nodes(data="members")}
    places = _places(nx.relabel_nodes(whole, {n: tuple(box) for n, box in boxes.items()}))
    lines, shapes = [], []
    for a, b in nx.transitive_reduction(whole).edges:
        (x, y), (u, v) = places[tuple(boxes[a])], places[tuple(boxes[b])]
        x, u = x + _WIDTH / 2, u - _WIDTH / 2
        # within the gap to the next column, then straight: so it passes between the boxes
        bend = f"C{x + _GAP / 2:g} {y:g} {x + _GAP / 2:g} {v:g} {x + _GAP:g} {v:g}"
        lines.append(f'<path d="M{x:g} {y:g} {bend} H{u:g}"/>')
    for box, (x, y) in sorted(places.items()):
        height = 12 + _LINE * len(box)
        corner = f'x="{x - _WIDTH / 2:g}" y="{y - height / 2:g}"'
        shapes.append(f'<rect {corner} width="{_WIDTH}" height="{height}" rx="6"/>')
        for line, name in enumerate(box):
            below = y + _LINE * (line - (len(box) - 1) / 2) + 4
            shapes.append(f'<text x="{x:g}" y="{below:g}">{name}</text>')
    right, bottom = (max(ends) for ends in zip(*places.values(), strict=True))
    view = f"0 0 {right + _WIDTH / 2 + 10:g} {bottom + _ROW / 2:g}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *sorted(lines), *shapes, "</svg>", ""])


def _places(graph: nx.DiGraph) -> Mapping[tuple[str, ...], tuple[float, float]]:
    """Centres of boxes: in columns, each as far right as those that need it allow."""
    columns = list(nx.topological_generations(graph.reverse()))[::-1]
    tallest = max(map(len, columns))
    places: dict[tuple[str, ...], tuple[float, float]] = {}
    for column, members in enumerate(columns):

        def height(box: tuple[str, ...]) -> tuple[float, tuple[str, ...]]:
            before = [places[b][1] for b in graph.predecessors(box)]
            return sum(before) / max(len(before), 1), box

        for row, box in enumerate(sorted(members, key=height)):
            y = row + (tallest - len(members)) / 2 + 0.5
            places[box] = (column * (_WIDTH + _GAP) + _WIDTH / 2 + 10, y * _ROW)
    return places


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(drawn(rule_graph()), encoding="utf-8")
