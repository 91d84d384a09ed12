"""What each figure shows, read from its data and its words; how it looks is for eyes.

test_panels.py says that what is drawn is what the data hold.
"""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from advscape.figures.along import along_figure
from advscape.figures.curvature import curvature_figure
from advscape.figures.history import history_figure
from advscape.figures.landscape import MOST, landscape_figure
from advscape.figures.layers import layers_figure
from advscape.figures.plane import middle, plane_figure
from advscape.figures.regimes import regimes_figure
from advscape.figures.robustness import robustness_figure
from advscape.figures.sharpness import sharpness_figure
from advscape.figures.spectrum import spectrum_figure
from advscape.figures.style import save
from advscape.figures.theorem import theorem_figure
from tests.figures import tables
from tests.figures.tables import EPSILONS


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def words(drawn):
    """All words of legend and foot."""
    return [text.get_text() for text in drawn.figure.texts]


def said(drawn):
    return " ".join(words(drawn)).replace("\n", " ")


def titles(drawn):
    return [ax.get_title().replace("\n", " ") for ax in drawn.figure.axes]


def lines(drawn, panel, **traits):
    """The values of each line of a panel."""
    rows = drawn.data[drawn.data["panel"] == panel]
    if "seed" in rows:
        rows = rows[rows["seed"].isna()]
    for trait, name in traits.items():
        rows = rows[rows[trait] == name]
    return rows["y"].tolist()


@pytest.mark.parametrize(("valid", "curves"), [(90, 4), (10, 2)])
def test_curvature_of_a_network(valid, curves):
    drawn = curvature_figure(
        tables.network_curvature(valid), tables.no_regimes(), title="title", norm="l2"
    )
    of = drawn.data[drawn.data["panel"] == "largest eigenvalue"]
    assert of["hessian"].nunique() == curves
    share = lines(drawn, "samples with a measurable response")
    assert share
    assert np.allclose(share, valid / 100)


def test_a_panel_without_data_is_left_out_and_the_others_close_up():
    """A ReLU network's response is nowhere measurable; here nothing says at how many samples."""
    rows = tables.network_curvature(10)
    rows["n_response"] = float("nan")
    drawn = curvature_figure(rows, tables.no_regimes(), title="title", norm="l2")
    assert titles(drawn) == ["largest eigenvalue", "trace"]
    assert all(ax.has_data() for ax in drawn.figure.axes)
    geometry = drawn.figure.axes[0].get_subplotspec().get_gridspec().get_geometry()
    assert geometry == (2, 1)


def test_where_nothing_responds_curvature_at_a_finite_scale_stands_in():
    drawn = curvature_figure(
        tables.network_curvature(10), tables.no_regimes(), tables.finite_scale(), title="title",
        norm="l2",
    )  # fmt: skip
    panel = "largest curvature at a finite scale"
    assert panel in titles(drawn)
    assert "samples with a measurable response" not in titles(drawn)
    assert {"0 (Hessian)", "0.001 |w|", "0.01 |w|"} < set(words(drawn))
    assert lines(drawn, panel, attack="noise frozen", scale="0 (Hessian)") == [2, 3, 4]
    for scale in ("0.001 |w|", "0.01 |w|"):
        assert lines(drawn, panel, attack="noise frozen", scale=scale) == [2, 2.5, 3]
        assert lines(drawn, panel, attack="attacked again", scale=scale) == [3, 3.5, 4]


def test_terms_of_the_trace_have_a_panel():
    rows = tables.network_curvature(90)
    frozen = rows[rows["hessian"] == "frozen"]
    rows = pd.concat(
        [rows, frozen.assign(hessian="gauss-newton"), frozen.assign(hessian="functional")]
    )
    drawn = curvature_figure(rows, tables.no_regimes(), title="title", norm="l2")
    of = drawn.data[drawn.data["panel"] == "terms of the adversarial loss's trace"]
    assert list(of["term"].unique()) == [
        "Gauss-Newton", "network's second derivatives", "response",
    ]  # fmt: skip


def test_a_negative_trace_is_shown():
    rows = tables.network_curvature(90)
    frozen = rows["hessian"] == "frozen"
    rows.loc[frozen & (rows["epsilon"] == EPSILONS[-1]), "trace"] = -7.0
    drawn = curvature_figure(rows, tables.no_regimes(), title="title", norm="l2")
    assert drawn.figure.axes[1].get_yscale() == "linear"
    assert lines(drawn, "trace", hessian="adversarial, noise frozen")[-1] == -7.0


def test_curvature_of_a_linear_experiment():
    drawn = curvature_figure(tables.curvature(), tables.runs(), title="title", norm="l2")
    of = drawn.data[drawn.data["panel"] == "noise arms, total Hessian"]
    assert list(of["noise"].unique()) == ["aligned", "random"]
    # medians over three seeds: (1 + e) * 2; below them the scaled ones, 3 (1 + e)
    aligned = {"noise": "aligned"}
    assert lines(drawn, "noise arms, total Hessian", **aligned, quantity="lambda_max") == [2, 3, 4]
    scaled = lines(drawn, "noise arms, total Hessian", **aligned, quantity="|w|^2 lambda_max")
    assert scaled == [3, 4.5, 6]
    assert "epsilon" in drawn.figure.axes[-1].get_xlabel()
    for ax in drawn.figure.axes:
        assert {t.get_text() for t in ax.texts} == {"separable", "finite", "collapsed"}


def test_densities_have_a_curve_for_each_epsilon_and_the_eigenvalues_below():
    drawn = spectrum_figure(*tables.spectra(), "title", "l2")
    (ax,) = drawn.figure.axes
    curves = drawn.data[drawn.data["what"].isna()].groupby("training_epsilon")
    ticks = drawn.data[drawn.data["what"] == "outer eigenvalues"].groupby("training_epsilon")
    assert len(curves) == len(ticks) == len(EPSILONS)
    assert [set(of["x"]) for _, of in ticks] == [{4.0}, {4.5}, {5.0}]
    for _, of in curves:
        seen = of[of["y"] > 1e-3]  # read between the points of a coarse grid
        assert len(seen) > 100
        assert np.allclose(seen["y"], np.exp(-(seen["x"] ** 2)), rtol=0.05)
    assert ax.get_yscale() == "log"


def test_layers_are_in_their_order_and_negative_traces_are_shown():
    drawn = layers_figure(tables.layers(), "title", "l2")
    (ax,) = drawn.figure.axes
    assert [text.get_text() for text in ax.get_xticklabels()] == ["stem", "block", "head"]
    assert list(drawn.data["x"][:3]) == ["stem", "block", "head"]
    for e in EPSILONS:
        values = drawn.data.loc[drawn.data["training_epsilon"] == f"{e:g}", "y"]
        assert list(values) == [1 + e, -1 - e, 2 + 2 * e]


def test_training_curves_have_both_panels_and_all_samples():
    drawn = history_figure(tables.history(), "title", "l2")
    assert titles(drawn) == ["loss", "accuracy"]
    assert drawn.figure.axes[-1].get_xlabel() == "epoch"
    assert {"training batches", "test"} < set(words(drawn))
    assert "validation" not in words(drawn)  # nothing was measured there
    for e in EPSILONS:
        of = {"training_epsilon": f"{e:g}", "samples": "training batches"}
        assert lines(drawn, "accuracy", **of) == [0.1, 0.2]


def test_training_curves_of_many_variants_have_a_panel_for_each_set_of_samples():
    many = [tables.history().assign(variant=name, epsilon=0.5) for name in "abcd"]
    drawn = history_figure(pd.concat(many), "title", "l2")
    assert titles(drawn) == [
        f"{what}: {samples}" for what in ("loss", "accuracy")
        for samples in ("training batches", "test")
    ]  # fmt: skip
    assert set(drawn.data["network"]) == set("abcd")


def test_along_training_all_panels_have_their_curves():
    drawn = along_figure(*tables.followed(), title="title", momentum=0.9)
    assert titles(drawn) == [
        "robust loss", "robust accuracy", "gap of the robust accuracy",
        "robust test accuracy lost", "largest eigenvalue", "trace of the Hessian",
        "sharpness: adaptive, average 0.1", "sharpness: adaptive, worst case 0.1",
        "length of the weights", "learning rate", "edge of stability",
    ]  # fmt: skip
    for variant in ("base", "sam"):
        own = {"network": variant}
        for samples in ("train", "test"):
            assert lines(drawn, "robust loss", samples=samples, **own) == [2.0, 1.0, 0.5]
        assert np.allclose(lines(drawn, "robust test accuracy lost", **own), [0.05, 0.0, 0.2])
        assert np.allclose(lines(drawn, "gap of the robust accuracy", **own), 0.1)
        assert lines(drawn, "largest eigenvalue", hessian="whole", **own) == [3.0, 12.0]
        assert lines(drawn, "length of the weights", **own) == [5.0, 6.0, 8.0]
        # lambda_max times the rate is 3 * 0.3; at the end the rate is 0, which no logarithm has
        assert np.allclose(lines(drawn, "edge of stability", hessian="whole", **own), [0.9])
    assert [t.get_text() for t in drawn.figure.axes[-1].texts] == ["2 and 3.8"]
    assert {"base", "sam"} < set(words(drawn))


@pytest.mark.parametrize(
    ("scale", "said", "there"),
    [(1e-3, "$\\uparrow$ 2 and 3.8", 1), (1, "2 and 3.8", 3), (10, "2 and 3.8", 3),
     (1e3, "$\\downarrow$ 2 and 3.8", 1)],
)  # fmt: skip
def test_the_bounds_of_stability_neither_squeeze_nor_cut_the_curves(scale, said, there):
    robustness, curvature, *others = tables.followed()
    curvature["lambda_max"] *= scale
    drawn = along_figure(robustness, curvature, *others, title="title", momentum=0.9)
    ax = drawn.figure.axes[-1]
    assert [text.get_text() for text in ax.texts] == [said]
    low, high = ax.get_ylim()
    seen = [low < height < high for height in (0.9 * scale, 2, 3.8)]
    assert seen == [True, there == 3, there == 3]
    drawn.figure.draw_without_rendering()  # without a warning that its layout fails


def test_along_training_of_given_networks_has_no_panels_of_what_nobody_knows():
    *rows, runs, _ = tables.followed()
    runs = pd.concat([runs.assign(epoch=float(e), weight_norm=4.0 + e) for e in (1, 2, 4)])
    rows = [of.assign(variant=None, checkpoint="last").drop_duplicates() for of in rows]
    drawn = along_figure(
        *rows, runs.assign(variant=None, best_epoch=np.nan).drop_duplicates(), title="t",
        momentum=None,
    )  # fmt: skip
    assert "length of the weights" in titles(drawn)
    assert not {"learning rate", "edge of stability"} & set(titles(drawn))


def test_landscape_panels_hold_their_curves_and_share_colours():
    drawn = landscape_figure(tables.landscape(), "title", network=False)
    upper, lower = drawn.figure.axes[:2], drawn.figure.axes[2:]
    assert upper[0].get_ylim() == upper[1].get_ylim()
    low, high = upper[0].get_ylim()
    losses = drawn.data[drawn.data["panel"].str.contains("point|fixed")]
    assert low <= losses["y"].min()
    assert losses["y"].max() <= high
    assert {f"{e:g}" for e in EPSILONS} < set(words(drawn))
    colours = [[tuple(line.get_color()) for line in ax.get_lines()][:3] for ax in upper]
    assert colours[0] == colours[1]
    assert all(ax.get_yscale() == "linear" for ax in lower)
    # 0.1 + 0.01 (1 + e) alpha^2 of random noise rises by 0.01 (1 + e)
    for e in EPSILONS:
        rise = lines(drawn, "random noise: rise", training_epsilon=f"{e:g}")
        assert np.allclose(rise, [0.01 * (1 + e), 0, 0.01 * (1 + e)])


def test_landscapes_say_what_alpha_is():
    rows = tables.landscape()
    drawn = landscape_figure(rows, "title", network=False)
    assert "length of w" in drawn.figure.axes[-1].get_xlabel().replace("\n", " ")
    rows = rows[rows["noise"] == "aligned"].assign(direction="eigenvector")
    drawn = landscape_figure(rows, "title", network=True)
    assert "distance between weights" in drawn.figure.axes[-1].get_xlabel().replace("\n", " ")


def test_of_many_epsilons_as_many_are_shown_as_can_be_told_apart():
    many = [tables.landscape().assign(epsilon=e) for e in np.linspace(0, 1, 13)]
    drawn = landscape_figure(pd.concat(many), "title", network=False)
    shown = [float(name) for name in drawn.data["training_epsilon"].unique()]
    assert len(shown) == MOST
    assert (shown[0], shown[-1]) == (0, 1)
    assert "7 of 13 are shown" in said(drawn)


def test_a_network_has_a_panel_for_each_kind_of_line_and_none_for_planes():
    rows = tables.landscape()
    rows = rows[rows["noise"] == "aligned"]
    others = [rows.assign(direction=name) for name in ("eigenvector", "eigenvector plane")]
    drawn = landscape_figure(pd.concat([rows, *others]), "title", network=True)
    assert titles(drawn) == [
        "filter-normalised PGD at every point", "eigenvector PGD at every point",
        "filter-normalised: rise", "eigenvector: rise",
    ]  # fmt: skip


def test_planes_share_one_scale_and_show_the_median_run():
    drawn = plane_figure(tables.plane(), "title", network=True)
    flat = [ax for ax in drawn.figure.axes if ax.get_title()]
    # the rise is proportional to 1 + (seed - 1) / 2, which is smallest for seed 0
    assert [ax.get_title() for ax in flat] == [
        rf"$\epsilon$ = {e}" + "\nseed 1" for e in ("0", "0.2", "0.3", "0.5")
    ]
    filled = [ax.collections[0] for ax in flat]
    assert len({(c.norm.vmin, c.norm.vmax) for c in filled}) == 1
    assert filled[0].norm.vmax == pytest.approx(1.5 * 2)  # the rise at a corner of the last one
    corner = drawn.data[(drawn.data["panel"] == "epsilon = 0.5") & (drawn.data["x"] == 1)]
    assert np.allclose(corner.sort_values("y")["value"], [3.0, 1.5, 3.0])
    assert "is the median" in said(drawn)
    assert "filter's length" in said(drawn)


def test_the_median_run_is_that_of_the_edge_and_of_an_even_number_the_lower():
    def rows(edges):
        return pd.DataFrame(
            [
                {"seed": s, "alpha": a, "beta": b, "rise": edge if max(abs(a), abs(b)) else -s}
                for s, edge in edges.items() for a in (-1, 0, 1) for b in (-1, 0, 1)
            ]
        )  # fmt: skip

    assert middle(rows({0: 3.0, 1: 1.0, 2: 2.0})) == 2
    assert middle(rows({0: 3.0, 1: 1.0, 2: 2.0, 3: 9.0})) == 2
    assert middle(rows({0: float("nan"), 1: 1.0, 2: 2.0})) == 2  # it overflows, so it is highest


def test_robustness_gap_is_train_minus_test_under_the_first_attack():
    drawn = robustness_figure(tables.robustness(), "title", "l2")
    for value in ("accuracy", "loss"):
        of = drawn.data[drawn.data["panel"] == f"robust generalization gap, {value}"]
        own = of[of["attack"] == "own epsilon"].set_index("x")["y"]
        common = of[of["attack"] == "common epsilon = 0.5"].set_index("x")["y"]
        assert np.allclose(own, [0, 0.2, 0.2])
        assert np.allclose(common, [0.2] * 3)


def test_where_all_were_trained_at_the_common_epsilon_it_is_shown_once():
    drawn = robustness_figure(tables.robustness([0.5]), "title", "l2")
    assert set(drawn.data["attack"]) == {"common epsilon = 0.5", "no attack"}
    gap = drawn.data[drawn.data["panel"] == "robust generalization gap, loss"]
    assert set(gap["attack"]) == {"common epsilon = 0.5"}


def test_sharpness_has_a_panel_for_each_measure_and_ball():
    drawn = sharpness_figure(tables.sharpness(), "title", "l2")
    found = [title.replace("\N{NO-BREAK SPACE}", " ") for title in titles(drawn)]
    assert found == [
        r"average L2, $\rho$ = 0.5", r"average Linf, $\rho$ = 0.5",
        r"worst case L2, $\rho$ = 0.5",
        r"robust flatness, worst case L2 in each layer, $\xi$ = 0.5", "weight-curvature index",
    ]  # fmt: skip
    for loss in ("adversarial loss", "clean loss"):  # medians over three seeds
        assert lines(drawn, "average L2, rho = 0.5", loss=loss) == [1, 1.5, 2]
    of = drawn.data[drawn.data["panel"].str.startswith("robust flatness")]
    assert set(of["loss"]) == {"adversarial loss"}
    assert {"adversarial loss", "clean loss"} < set(words(drawn))


def test_panels_of_one_family_of_measures_share_the_kind_of_their_axis():
    drawn = sharpness_figure(tables.sharpness(), "title", "l2")
    average, linf, worst, *_ = drawn.figure.axes
    # worst cases are not all positive here, averages are
    assert average.get_yscale() == linf.get_yscale() == worst.get_yscale() == "linear"


def test_sharpness_tells_several_radii_apart():
    drawn = sharpness_figure(tables.sharpness((0.5, 1.0), ["adversarial"]), "title", "l2")
    assert titles(drawn)[0] == "average L2, $\\rho$"
    for radius in ("0.5", "1"):
        at_0 = lines(drawn, "average L2, rho", radius=radius)[0]
        assert at_0 == 2 * float(radius)
        assert radius in words(drawn)
    assert "adversarial loss" not in words(drawn)  # one loss, named beside the axes
    assert "adversarial loss" in drawn.figure.axes[0].get_ylabel().replace("\n", " ")


def test_regimes_keep_solved_and_stopped_runs_apart():
    drawn = regimes_figure(*tables.regimes())
    places = drawn.data.groupby("panel")["x"].unique()
    assert places["solved to the minimum"].tolist() == [1e-3]
    assert places["stopped, without weight decay"].tolist() == [100.0]


def test_theorem_points_lie_on_their_lines():
    data = theorem_figure().data
    frozen = data[data["what"] == "Hessian, noise frozen"]
    assert len(frozen)
    assert np.allclose(frozen["y"], 0, atol=1e-12)
    points = data[data["what"] == "Hessian"]
    assert points["epsilon"].nunique() == 3
    assert np.allclose(points["y"], points["epsilon"] / (2 * points["x"]))


def test_collapsed_runs_have_no_landscape_and_the_figure_says_so():
    none = tables.landscape().iloc[:0]
    for drawn in (
        landscape_figure(none, "t", network=False), plane_figure(none, "t", network=False),
    ):  # fmt: skip
        assert "every run collapsed to w = 0" in said(drawn)
        assert drawn.data.empty


def test_a_figure_without_any_data_says_so():
    rows = tables.network_curvature(10).assign(lambda_max=np.nan, trace=np.nan, n_response=np.nan)
    drawn = curvature_figure(rows, tables.no_regimes(), title="t", norm="l2")
    assert drawn.figure.axes == []
    assert "nothing of this was measured" in words(drawn)


def test_a_study_of_the_clean_loss_shows_clean_accuracy_and_gap():
    rows = pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": 0.0, "seed": 0, "split": split, "checkpoint": "last",
             "attack": "none", "eval_epsilon": 0.0, "steps": np.nan, "restarts": np.nan,
             "accuracy": accuracy, "loss": 1 - accuracy}
            for split, accuracy in (("train", 1.0), ("test", 0.75))
        ]
    )  # fmt: skip
    drawn = robustness_figure(rows, "t", "l2")
    assert sorted(lines(drawn, "accuracy")) == [0.75, 1.0]
    assert lines(drawn, "robust generalization gap, accuracy") == [0.25]


@pytest.mark.parametrize("title", ["Price $$ and $\\foo$, 100 %", "{a} \\ <b> & _x_"])
def test_titles_are_text(title, tmp_path):
    drawn = landscape_figure(tables.landscape(), title, network=False)
    save(drawn, [tmp_path / "figure.png"])
    assert drawn.figure.get_suptitle().replace("\n", " ") == title
