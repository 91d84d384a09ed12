"""The Python blocks of a page: run in their order, in one namespace, and shown with their outputs.

``tests/docs`` runs the same pages, so a block that fails is found there and by ``make docs``.
"""

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
#: text stays text, and the same figure is the same bytes
_SVG = {"svg.fonttype": "none", "svg.hashsalt": "advscape"}


def executed(text: str, name: str, keep: Callable[[str, bytes], str]) -> str:
    """The page with the outputs and the figures of its blocks behind them.

    Args:
        text: the page, in Markdown.
        name: of the page, for tracebacks and figures.
        keep: keeps a figure, given its file's name and bytes, and returns its address.
    """
    names: dict[str, object] = {"__name__": name}
    figures = 0

    def run(block: re.Match[str]) -> str:
        nonlocal figures
        printed, shown = io.StringIO(), [block[0]]
        line = text.count("\n", 0, block.start()) + 1  # tracebacks name the page's own lines
        with redirect_stdout(printed):
            exec(compile("\n" * line + block[1], f"{name}.md", "exec"), names)
        if printed.getvalue():
            shown.append(f"```text\n{printed.getvalue().rstrip()}\n```\n")
        for number in plt.get_fignums():
            figures += 1
            figure, file = plt.figure(number), io.BytesIO()
            figure.savefig(file, format="svg", metadata={"Date": None})
            address = keep(f"{name}-{figures}.svg", file.getvalue())
            shown.append(f"![{figure.get_label() or 'figure'}]({address})\n")
            plt.close(figure)
        return "\n".join(shown)

    with mpl.rc_context(_SVG):
        return BLOCK.sub(run, text)
