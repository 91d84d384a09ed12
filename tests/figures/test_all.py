"""Every kind of figure: its files, its sizes, and that nothing in it is cut off or too small."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text
from PIL import Image

from advscape.figures.along import along_figure
from advscape.figures.curvature import curvature_figure
from advscape.figures.history import history_figure
from advscape.figures.landscape import landscape_figure
from advscape.figures.layers import layers_figure
from advscape.figures.plane import plane_figure
from advscape.figures.regimes import regimes_figure
from advscape.figures.robustness import robustness_figure
from advscape.figures.sharpness import sharpness_figure
from advscape.figures.spectrum import spectrum_figure
from advscape.figures.style import DOTS_PER_INCH, ONE_COLUMN, SMALL, TWO_COLUMNS, save
from advscape.figures.theorem import theorem_figure
from advscape.study.figures import FIGURES
from tests.figures import tables

TITLE = "A network of a rather long name, 1,000 images of a dataset, Linf, trained for long"
DRAW = {
    "curvature": lambda: curvature_figure(
        tables.network_curvature(90), tables.no_regimes(), tables.finite_scale(), title=TITLE,
        norm="linf",
    ),
    "spectrum": lambda: spectrum_figure(*tables.spectra(), TITLE, "linf"),
    "layers": lambda: layers_figure(tables.layers(), TITLE, "linf"),
    "history": lambda: history_figure(tables.history(), TITLE, "linf"),
    "along": lambda: along_figure(*tables.followed(), title=TITLE, momentum=0.9),
    "landscape": lambda: landscape_figure(tables.landscape(), TITLE, network=False),
    "plane": lambda: plane_figure(tables.plane(), TITLE, network=True),
    "robustness": lambda: robustness_figure(tables.robustness(), TITLE, "linf"),
    "sharpness": lambda: sharpness_figure(tables.sharpness(), TITLE, "linf"),
    "theorem": theorem_figure,
    "regimes": lambda: regimes_figure(*tables.regimes()),
    # not kinds of their own
    "curvature of a linear model": lambda: curvature_figure(
        tables.curvature(), tables.runs(), title=TITLE, norm="l2"
    ),
    "no landscape": lambda: landscape_figure(tables.landscape().iloc[:0], TITLE, network=False),
    "many names": lambda: robustness_figure(
        pd.concat(
            tables.robustness([0.5]).assign(label=f"a training of number {i}") for i in range(14)
        ), TITLE, "l2",
    ),
    "six seeds": lambda: robustness_figure(tables.robustness(seeds=range(6)), TITLE, "l2"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_every_kind_is_here():
    assert set(FIGURES) <= set(DRAW)


@pytest.mark.parametrize("kind", DRAW)
def test_same_data_same_bytes(kind, tmp_path):
    files = {}
    for name in ("a", "b"):
        paths = [tmp_path / f"{name}.{suffix}" for suffix in ("png", "pdf", "svg", "csv")]
        save(DRAW[kind](), paths)
        files[name] = [path.read_bytes() for path in paths]
    assert files["a"] == files["b"]
    table = files["a"][3].decode()
    assert table.endswith("\n")
    assert table.startswith("panel,")
    assert "\\" not in table  # no mathematics
    assert "\r" not in table


@pytest.mark.parametrize("kind", DRAW)
def test_size_in_print(kind, tmp_path):
    drawn = DRAW[kind]()
    across, up = drawn.figure.get_size_inches()
    assert across in {ONE_COLUMN, TWO_COLUMNS}
    assert up < 9.5  # a page
    save(drawn, [tmp_path / "figure.png"])
    with Image.open(tmp_path / "figure.png") as image:
        assert image.width == int(across * DOTS_PER_INCH)
        assert np.allclose(image.info["dpi"], DOTS_PER_INCH, atol=0.01)


#: of a study that measures test samples alone
TEST = {
    "curvature": lambda: curvature_figure(
        of_test(tables.network_curvature(90)),
        tables.no_regimes(),
        of_test(tables.finite_scale()),
        title=TITLE,
        norm="l2",
    ),
    "spectrum": lambda: spectrum_figure(*map(of_test, tables.spectra()), TITLE, "l2"),
    "layers": lambda: layers_figure(of_test(tables.layers()), TITLE, "l2"),
    "sharpness": lambda: sharpness_figure(of_test(tables.sharpness()), TITLE, "l2"),
}


def of_test(rows):
    """The rows of training samples, as if they were of test samples."""
    return rows[rows["split"] == "train"].assign(split="test")


@pytest.mark.parametrize("kind", TEST)
def test_where_no_training_samples_are_measured_it_is_of_test_samples(kind, tmp_path):
    save(TEST[kind](), [tmp_path / "test.csv", tmp_path / "test.svg"])
    save(DRAW[kind](), [tmp_path / "train.csv"])
    drawn, of_train = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("test", "train"))
    np.testing.assert_array_equal(drawn["y"], of_train["y"])
    assert "test samples" in (tmp_path / "test.svg").read_text()


def visible(figure):
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    # matplotlib keeps texts of ticks that lie beyond the axis
    for ax in figure.axes:
        for axis, (low, high) in ((ax.xaxis, sorted(ax.get_xlim())),
                                  (ax.yaxis, sorted(ax.get_ylim()))):  # fmt: skip
            beyond = {
                id(tick.label1) for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
                if not low <= tick.get_loc() <= high
            }  # fmt: skip
            found = [text for text in found if id(text) not in beyond]
    return found


@pytest.mark.parametrize("kind", DRAW)
def test_words_are_readable_and_inside(kind):
    figure = DRAW[kind]().figure
    figure.set_dpi(100)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * 100
    for text in visible(figure):
        assert text.get_fontsize() >= SMALL, text
        box = text.get_window_extent()
        assert box.x0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= height + 1, text


@pytest.mark.parametrize("kind", DRAW)
def test_titles_axes_and_legend_do_not_lie_on_each_other(kind):
    figure = DRAW[kind]().figure
    figure.set_dpi(100)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.texts if text.get_text()]
    for ax in figure.axes:
        words = (ax.title, ax.xaxis.label, ax.yaxis.label)
        boxes += [text.get_window_extent() for text in words if text.get_text()]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            up = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(across, up) <= 1.5


@pytest.mark.parametrize("kind", DRAW)
def test_no_panel_is_empty_and_no_legend_stands_twice(kind):
    figure = DRAW[kind]().figure
    assert all(ax.has_data() for ax in figure.axes)
    assert all(ax.get_legend() is None for ax in figure.axes)
    entries = [text.get_text() for text in figure.texts if not text.get_text().endswith(":")]
    twice = {entry for entry in entries if entries.count(entry) > 1}
    # what is held: of the whole Hessian, and over a finite scale
    assert twice <= {"response", "noise frozen"}


def test_text_in_svg_is_text_and_there_is_no_date(tmp_path):
    save(DRAW["robustness"](), [tmp_path / "figure.svg"])
    root = ElementTree.parse(tmp_path / "figure.svg").getroot()
    name = "{http://www.w3.org/2000/svg}"
    texts = {"".join(text.itertext()) for text in root.iter(f"{name}text")}
    assert {"accuracy", "no attack", "train", "test"} <= texts
    assert TITLE in " ".join(texts) or any(text in TITLE for text in texts if len(text) > 20)
    assert b"dc:date" not in (tmp_path / "figure.svg").read_bytes()


def test_text_in_pdf_is_in_fonts_that_editors_read(tmp_path):
    save(DRAW["robustness"](), [tmp_path / "figure.pdf"])
    content = (tmp_path / "figure.pdf").read_bytes()
    assert b"/CIDFontType2" in content  # TrueType
    assert b"/Type3" not in content
    assert b"CreationDate" not in content


def test_last_digits_of_the_layout_do_not_matter(tmp_path):
    """Its solver rounds them one way or another; a pixel of every tenth figure followed."""
    drawn = DRAW["curvature"]()
    save(drawn, [tmp_path / "figure.svg"])
    places = [ax.get_position().bounds for ax in drawn.figure.axes]
    assert np.allclose(places, np.round(places, 5), rtol=0, atol=1e-12)
