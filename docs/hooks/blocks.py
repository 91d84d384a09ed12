"""The blocks of a page: run in their order, as a reader would, and shown with their outputs.

Python blocks share one namespace. Shell blocks run in a copy of the repository that each page has
for itself; a block that has a file's name as its title becomes that file there. A block that cannot
run here says why in a comment before it: ``<!-- not run: installs -->``.

``tests/docs`` runs the same pages, so a block that fails is found there and by ``make docs``.
"""

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>.*?) -->\n)?"
    r'(?P<shown>```(?P<language>\w+)(?: title="(?P<title>.+?)")?\n(?P<code>.*?)^```\n)',
    re.DOTALL | re.MULTILINE,
)
#: why a block is not run
REASONS = {
    "installs": "downloads and installs packages",
    "cluster": "needs SLURM",
    "container": "needs a container engine",
    "minutes": "takes minutes",
    "yours": "names files of the reader's own",
}
ROOT = Path(__file__).resolve().parents[2]
_CLONE = (
    "CITATION.cff", "LICENSE", "Makefile", "README.md", "Snakefile", "config.yaml",
    "environment.yml", "pkg", "profiles", "pyproject.toml", "studies", "workflow",
)  # fmt: skip
#: text stays text, and the same figure is the same bytes
_SVG = {"svg.fonttype": "none", "svg.hashsalt": "advscape"}


def executed(text: str, name: str, keep: Callable[[str, bytes], str]) -> str:
    """The page with the outputs and the figures of its blocks behind them.

    Args:
        text: the page, in Markdown.
        name: of the page, for tracebacks and figures.
        keep: keeps a figure, given its file's name and bytes, and returns its address.

    Raises:
        ValueError: a block gives a reason for not being run that is none.
        RuntimeError: a shell block fails.
    """
    page = _Page(text, name, keep)
    plt.close("all")  # figures that are open are not the page's
    with TemporaryDirectory() as folder, chdir(folder), mpl.rc_context(_SVG):
        if any(b["language"] == "sh" and not b["reason"] for b in BLOCK.finditer(text)):
            _copy_clone(Path(folder))
        return BLOCK.sub(page.run, text)


class _Page:
    """A page of which some blocks have run; the working folder is the page's own."""

    def __init__(self, text: str, name: str, keep: Callable[[str, bytes], str]):
        self.text, self.name, self.keep = text, name, keep
        self.names: dict[str, object] = {"__name__": name}
        self.figures = 0

    def run(self, block: re.Match[str]) -> str:
        """The block with what it prints and draws.

        Raises:
            ValueError: it gives a reason for not being run that is none.
        """
        line = self.text.count("\n", 0, block.start("shown")) + 1
        if block["reason"]:
            if block["reason"] not in REASONS:
                allowed = ", ".join(REASONS)
                raise ValueError(
                    f"{self.name}.md, line {line}: {block['reason']}; allowed: {allowed}"
                )
            return block["shown"]
        printed = ""
        if block["title"]:
            Path(block["title"]).write_text(block["code"], encoding="utf-8")
        elif block["language"] == "python":
            printed = self.python(block["code"], line)
        elif block["language"] == "sh":
            printed = _shell(block["code"], f"{self.name}.md, line {line}")
        output = [f"```text\n{printed.rstrip()}\n```\n"] if printed else []
        return "\n".join([block["shown"], *output, *self.drawn()])

    def python(self, code: str, line: int) -> str:
        """What a block prints."""
        printed = io.StringIO()
        with redirect_stdout(printed):  # tracebacks name the page's own lines
            exec(compile("\n" * line + code, f"{self.name}.md", "exec"), self.names)
        return printed.getvalue()

    def drawn(self) -> Iterator[str]:
        """Images of the figures that are open."""
        for number in plt.get_fignums():
            self.figures += 1
            figure, file = plt.figure(number), io.BytesIO()
            figure.savefig(file, format="svg", metadata={"Date": None})
            address = self.keep(f"{self.name}-{self.figures}.svg", file.getvalue())
            yield f"![{figure.get_label() or 'figure'}]({address})\n"
            plt.close(figure)


def _copy_clone(folder: Path) -> None:
    """What a clone has, but for documentation and tests."""
    for name in _CLONE:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, folder)


def _shell(code: str, place: str) -> str:
    """What a block prints in this folder, with the programs of this environment.

    Raises:
        RuntimeError: it fails.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        env=os.environ | {"PATH": path, "PYTHONPATH": "pkg"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{place}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
