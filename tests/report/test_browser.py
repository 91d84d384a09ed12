"""The report in a real browser: Chromium, without a window. It is skipped where there is none."""

import json
import re
import shutil
import subprocess
from html import unescape
from itertools import pairwise

import pytest

from tests.report.studies import CLAIM, KEY, KINDS, figure, outline, report, rows

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")

#: at the top of a copy of the page: collects errors, before anything else runs
LISTEN = """<script>
window.problems = [];
const note = (event) => problems.push(String(event.message || event.target.src));
addEventListener("error", note, true);
for (const kind of ["error", "warn"]) {
  console[kind] = (...said) => problems.push(said.join(" "));
}
</script>"""
#: at its end: says what was found to the page around it
LOOK = """<script>
addEventListener("load", () => {
  const images = [...document.images];
  const ids = new Set([...document.querySelectorAll("[id]")].map((element) => element.id));
  const links = [...document.links].map((link) => link.getAttribute("href"));
  const root = document.documentElement;
  const table = document.querySelector("#table-runs ~ .rows table");
  const seeds = () => [...table.tBodies[0].rows].filter((row) => !row.hidden)
    .map((row) => row.cells[6].textContent);
  const unsorted = seeds();
  const button = table.tHead.rows[0].cells[6].querySelector("button");
  button.click();
  button.click();
  const sorted = seeds();
  const search = table.parentElement.previousElementSibling.querySelector("input");
  search.value = "seed-is-nowhere";
  search.dispatchEvent(new Event("input"));
  parent.postMessage(JSON.stringify({
    problems, unsorted, sorted,
    found: seeds().length,
    images: images.map((image) => image.naturalWidth),
    unnamed: images.filter((image) => !image.alt).length,
    dead: links.filter((link) => link.startsWith("#") && !ids.has(link.slice(1))),
    files: links.filter((link) => !/^(#|https:)/.test(link)),
    doubled: document.querySelectorAll("[id]").length - ids.size,
    width: [root.scrollWidth, root.clientWidth],
    first: document.querySelector("main > section").id,
    top: document.querySelector(".claim").getBoundingClientRect().top,
    levels: [...document.querySelectorAll("h1, h2, h3, h4")].map((head) => Number(head.tagName[1])),
    headless: [...document.querySelectorAll("table")].filter((t) => !t.querySelector("th")).length,
  }), "*");
});
</script>"""
FRAME = """<!doctype html><iframe src="copy.html" style="width:{width}px;height:800px;border:0">
</iframe><script>addEventListener("message", (event) => {{
  document.body.textContent = "FOUND" + event.data + "END";
}});</script>"""


def seen(folder, width):
    """What a browser finds in the report of a folder, in a window of so many pixels."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    page = page.replace("<head>", "<head>" + LISTEN, 1).replace("</body>", LOOK + "</body>")
    (folder / "copy.html").write_text(page, encoding="utf-8")
    # a frame, since the window itself has a least width
    (folder / "frame.html").write_text(FRAME.format(width=width))
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--virtual-time-budget=10000",
        f"--user-data-dir={folder}/browser", "--dump-dom", (folder / "frame.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"FOUND(.*)END", done.stdout, re.DOTALL)
    assert found, done.stderr
    return json.loads(unescape(found[1]))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A report with everything on it."""
    folder = tmp_path_factory.mktemp("report")
    figures = [figure(folder, kind) for kind in KINDS]
    tables = {
        "claims": rows("claims", CLAIM, CLAIM | {"effect": "difference", "claim": "C-" + "x" * 60}),
        "runs": rows("runs", *(KEY | {"seed": seed} for seed in (2, 10, 1))),
        "sanity": rows(
            "sanity", KEY | {"check": "kkt", "value": 1, "bound": 0.1, "ok": False, "n": 9}
        ),
    }
    long = "a" * 70  # as long as names get
    report(folder, tables, outline(*figures, study=long))
    return folder


@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_finds_nothing_wrong(page, width):
    found = seen(page, width)
    assert found["problems"] == []
    assert len(found["images"]) == len(KINDS)
    assert all(natural > 0 for natural in found["images"])
    assert found["unnamed"] == found["doubled"] == found["headless"] == 0
    assert found["dead"] == []
    assert [file for file in found["files"] if not (page / file).is_file()] == []
    assert found["width"] == [width, width]
    assert found["first"] == "claims"
    assert found["top"] < 800
    levels = found["levels"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_are_sorted_as_numbers_and_searched(page):
    found = seen(page, 800)
    assert found["unsorted"] == ["2", "10", "1"]
    assert found["sorted"] == ["10", "2", "1"]  # clicked twice
    assert found["found"] == 0
