"""What a figure shows, read from its axes; how it looks is for eyes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

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
from advscape.figures.style import save
from advscape.figures.theorem import theorem_figure

EPSILONS = (0.0, 0.5, 1.0)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def runs():
    return pd.DataFrame({"hard_margin": [0.3, 0.5], "collapse_radius": [1.2, 1.4]})


def curvature():
    kinds = [("adversarial", part) for part in ("frozen", "response", "total")]
    return pd.DataFrame(
        [
            {"split": split, "noise": noise, "epsilon": e, "seed": seed, "loss": loss,
             "hessian": part, "lambda_max": (1 + e) * (1 + seed), "trace": 2 * (1 + e),
             "scaled_lambda_max": 3 * (1 + e)}
            for split in ("train", "test")
            for noise in ("aligned", "random")
            for e in EPSILONS
            for seed in (0, 1, 2)
            for loss, part in [*kinds, ("clean", "total")]
        ]
    )  # fmt: skip


def landscape():
    rows = [
        {"noise": noise, "epsilon": e, "seed": s, "direction_seed": d, "alpha": alpha,
         "split": "train", "direction": "filter-normalised", "beta": 0.0, "attack": attack,
         "loss": 0.1 + scale * (1 + e) * alpha**2}
        for noise, attack, scale in (("aligned", "regenerated", 1.0), ("random", "frozen", 0.01))
        for e in EPSILONS
        for s in (0, 1)
        for d in (0, 1)
        for alpha in (-1.0, 0.0, 1.0)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def data_of(ax):
    """Points of the data lines of an axis, without legend entries."""
    return [line.get_xydata() for line in ax.get_lines() if len(line.get_xdata())]


def network_curvature(valid):
    rows = curvature()
    rows = rows[rows["noise"] == "aligned"].assign(n=100.0, n_response=float("nan"))
    responds = rows["hessian"].isin(["response", "total"]) & (rows["loss"] == "adversarial")
    rows.loc[responds, "n_response"] = float(valid)
    if valid < 50:
        rows.loc[responds, ["lambda_max", "trace"]] = float("nan")
    return rows


@pytest.mark.parametrize(("valid", "curves"), [(90, 4), (10, 2)])
def test_curvature_of_a_network(valid, curves):
    no_regimes = runs().assign(collapse_radius=float("nan"))
    figure = curvature_figure(network_curvature(valid), no_regimes, title="title", norm="l2")
    values, _, *rest = figure.axes
    share = rest[-1]
    assert len(values.get_legend().get_texts()) == curves
    assert np.allclose(data_of(share)[0][:, 1], valid / 100)


def finite_scale():
    return pd.DataFrame(
        [
            {"split": "train", "direction": direction, "noise": "aligned", "epsilon": e,
             "seed": seed, "scale": scale, "total": 3 + e, "frozen": 2 + e}
            for direction in ("largest", "random") for e in EPSILONS for seed in (0, 1)
            for scale in (0.001, 0.01)
        ]
    )  # fmt: skip


def test_where_nothing_responds_curvature_at_a_finite_scale_stands_in():
    no_regimes = runs().assign(collapse_radius=float("nan"))
    figure = curvature_figure(
        network_curvature(10), no_regimes, finite_scale(), title="title", norm="l2"
    )
    panel = figure.axes[-1]
    assert "finite scale" in panel.get_title()
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert [*labels[:2], *labels[-3:]] == [
        "noise frozen", "attacked again", "Hessian", "0.001 |w|", "0.01 |w|",
    ]  # fmt: skip
    curves = sorted(tuple(line[:, 1]) for line in data_of(panel) if len(line) == len(EPSILONS))
    assert curves == sorted([(2, 2.5, 3)] * 2 + [(3, 3.5, 4)] * 2 + [(2, 3, 4)])


def test_terms_of_the_trace_have_a_panel():
    no_regimes = runs().assign(collapse_radius=float("nan"))
    rows = network_curvature(90)
    frozen = rows[rows["hessian"] == "frozen"]
    rows = pd.concat(
        [rows, frozen.assign(hessian="gauss-newton"), frozen.assign(hessian="functional")]
    )
    panel = curvature_figure(rows, no_regimes, title="title", norm="l2").axes[2]
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert labels == ["Gauss-Newton", "network's second derivatives", "response"]


def spectra():
    """Densities and outer eigenvalues; at epsilon 0 those of the clean loss alone."""
    of = [
        {"split": "train", "noise": "aligned", "epsilon": e, "seed": seed, "hessian": part,
         "loss": loss}
        for e in EPSILONS for seed in (0, 1)
        for loss, part in (("clean", "total"), ("adversarial", "frozen"))
        if e or loss == "clean"
    ]  # fmt: skip
    grid = np.linspace(-1, 5, 50)
    density = [
        row | {"eigenvalue": x, "density": np.exp(-x * x) + 1e-9, "density_stderr": 0.1}
        for row in of for x in grid
    ]  # fmt: skip
    outer = [row | {"end": "largest", "rank": 1, "eigenvalue": 4 + row["epsilon"]} for row in of]
    return pd.DataFrame(density), pd.DataFrame(outer)


def test_densities_have_a_curve_for_each_epsilon_and_the_eigenvalues_below():
    figure = spectrum_figure(*spectra(), "title", "l2")
    (ax,) = figure.axes
    curves = [line for line in data_of(ax) if len(line) > 100]
    ticks = [line for line in data_of(ax) if len(line) == 2]
    assert len(curves) == len(ticks) == len(EPSILONS)
    assert [set(line[:, 0]) for line in ticks] == [{4.0}, {4.5}, {5.0}]
    assert ax.get_yscale() == "log"
    low, _ = ax.get_ylim()
    assert all((line[:, 1] > low).all() for line in ticks)


def test_layers_are_in_their_order_and_negative_traces_are_shown():
    rows = pd.DataFrame(
        [
            {"split": "train", "noise": "aligned", "epsilon": e, "seed": seed, "loss": loss,
             "hessian": part, "layer": layer, "trace": sign * (1 + e)}
            for e in EPSILONS for seed in (0, 1)
            for loss, part in (("clean", "total"), ("adversarial", "frozen"))
            for layer, sign in (("stem", 1), ("block", -1), ("head", 2))
        ]
    )  # fmt: skip
    (ax,) = layers_figure(rows, "title", "l2").axes
    assert [text.get_text() for text in ax.get_xticklabels()] == ["stem", "block", "head"]
    values = [list(line[:, 1]) for line in data_of(ax) if len(line) == 3]
    assert values == [[1 + e, -1 - e, 2 + 2 * e] for e in EPSILONS]


def test_training_curves_have_both_panels_and_all_samples():
    rows = pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": e, "seed": seed, "epoch": epoch, "loss": 1 / epoch,
             "accuracy": 0.1 * epoch, "test_loss": 2.0 if epoch == 2 else np.nan,
             "test_accuracy": 0.5 if epoch == 2 else np.nan, "validation_loss": np.nan,
             "validation_accuracy": np.nan}
            for e in EPSILONS for seed in (0, 1) for epoch in (1, 2)
        ]
    )  # fmt: skip
    loss, accuracy = history_figure(rows, "title", "l2").axes
    assert [loss.get_xlabel(), accuracy.get_xlabel()] == ["epoch"] * 2
    labels = [text.get_text() for text in loss.get_legend().get_texts()]
    assert {"training batches", "test"} < set(labels)
    lines = [list(line[:, 1]) for line in data_of(accuracy) if len(line) == 2]
    assert lines == [[0.1, 0.2]] * len(EPSILONS)


def followed(epochs=(1, 2, 4), measured=(1, 4)):
    """Two variants along their training; the middle epoch was not measured but judged."""
    key = {"experiment": "e", "label": None, "noise": "aligned", "epsilon": 0.5}
    states = [
        key | {"variant": variant, "epoch": float(epoch), "seed": seed,
               "checkpoint": "last" if epoch == epochs[-1] else "snapshot"}
        for variant in ("base", "sam") for epoch in epochs for seed in (0, 1)
    ]  # fmt: skip
    # averaged weights are no point of the training
    states += [states[-1] | {"checkpoint": "averaged"}]
    robustness = pd.DataFrame([
        state | {"split": split, "attack": "pgd" if radius else "none", "steps": 5, "restarts": 1,
                 "eval_epsilon": radius, "loss": 2.0 / state["epoch"],
                 "accuracy": (0.6 if split == "train" else 0.5) - 0.05 * (state["epoch"] - 2) ** 2}
        for state in states for split in ("train", "test") for radius in (0.0, 0.5)
    ])  # fmt: skip
    curvature = pd.DataFrame([
        state | {"split": "train", "loss": "adversarial", "hessian": part, "trace": 9.0,
                 "lambda_max": 3.0 * state["epoch"], "gradient_noise": 1.0}
        for state in states if state["epoch"] in measured for part in ("frozen", "total")
    ])  # fmt: skip
    sharpness = pd.DataFrame([
        state | {"split": "train", "loss": "adversarial", "measure": measure, "ball": "l2",
                 "radius": 0.1, "value": value}
        for state in states if state["epoch"] in measured
        for measure, value in (("adaptive_average", 0.1), ("adaptive_worst", 0.4))
    ])  # fmt: skip
    runs = pd.DataFrame([state | {"best_epoch": 2.0, "weight_norm": 5.0}
                         for state in states if state["checkpoint"] == "last"])  # fmt: skip
    history = pd.DataFrame([
        state | {"epoch": epoch, "weight_norm": 4.0 + epoch, "learning_rate": 0.1 * (4 - epoch)}
        for state in states if state["checkpoint"] == "last" for epoch in (1, 2, 3, 4)
    ])  # fmt: skip
    return robustness, curvature, sharpness, runs, history


def test_along_training_all_panels_have_their_curves():
    figure = along_figure(*followed(), title="title", momentum=0.9)
    panels = {ax.get_title(): ax for ax in figure.axes}
    assert list(panels) == [
        "robust loss", "robust accuracy", "gaps of the robust accuracy", "largest eigenvalue",
        "trace of the Hessian", "sharpness (adaptive, average 0.1; adaptive, worst case 0.1)",
        "length of the weights", "learning rate", "edge of stability",
    ]  # fmt: skip
    lines = {name: [line for line in data_of(ax) if len(line) > 1 and line[0, 0] != line[1, 0]]
             for name, ax in panels.items()}  # fmt: skip
    assert [line[:, 1].tolist() for line in lines["robust loss"]] == [[2.0, 1.0, 0.5]] * 4
    lost = [line[:, 1] for line in lines["gaps of the robust accuracy"]]
    assert any(np.allclose(values, [0.05, 0.0, 0.2]) for values in lost)
    assert any(np.allclose(values, 0.1) for values in lost)
    assert [line[:, 1].tolist() for line in lines["largest eigenvalue"]] == [[3.0, 12.0]] * 4
    assert [line[:, 1].tolist() for line in lines["length of the weights"]] == [[5.0, 6.0, 8.0]] * 2
    bounds = [t.get_text() for t in panels["edge of stability"].texts]
    assert bounds == ["2", "3.8"]
    # lambda_max times the rate is 3 * 0.3; at the end the rate is 0, which no logarithm has
    edge = panels["edge of stability"].collections + panels["edge of stability"].lines
    assert any(np.isclose(np.asarray(part.get_offsets() if hasattr(part, "get_offsets")
               else part.get_xydata())[..., 1], 0.9).any() for part in edge)  # fmt: skip
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["base", "sam"]


def test_along_training_of_given_networks_has_no_panels_of_what_nobody_knows():
    *tables, runs, _ = followed()
    runs = pd.concat([runs.assign(epoch=float(e), weight_norm=4.0 + e) for e in (1, 2, 4)])
    tables = [rows.assign(variant=None, checkpoint="last") for rows in tables]
    tables = [rows.drop_duplicates() for rows in tables]
    figure = along_figure(
        *tables, runs.assign(variant=None, best_epoch=np.nan).drop_duplicates(), title="t",
        momentum=None,
    )  # fmt: skip
    titles = [ax.get_title() for ax in figure.axes]
    assert "length of the weights" in titles
    assert not {"learning rate", "edge of stability"} & set(titles)
    assert not figure.legends


def test_a_negative_trace_is_shown():
    no_regimes = runs().assign(collapse_radius=float("nan"))
    rows = network_curvature(90)
    frozen = rows["hessian"] == "frozen"
    rows.loc[frozen & (rows["epsilon"] == EPSILONS[-1]), "trace"] = -7.0
    values, traces, *_ = curvature_figure(rows, no_regimes, title="title", norm="l2").axes
    assert (values.get_yscale(), traces.get_yscale()) == ("log", "symlog")
    assert min(line[:, 1].min() for line in data_of(traces)) == -7.0


def test_curvature_of_a_linear_experiment():
    figure = curvature_figure(curvature(), runs(), title="title", norm="l2")
    parts, arms, scaled, _ = figure.axes
    assert [t.get_text() for t in arms.get_legend().get_texts()] == ["aligned", "random"]
    assert len(parts.get_legend().get_texts()) == 4
    # medians over three seeds: (1 + e) * 2
    assert np.allclose(data_of(arms)[0][:, 1], [2.0, 3.0, 4.0])
    assert np.allclose(data_of(scaled)[0][:, 1], [3.0, 4.5, 6.0])
    assert "epsilon" in arms.get_xlabel()
    assert {t.get_text() for t in arms.texts} == {"separable", "finite", "collapsed"}


def test_landscape_panels_hold_their_curves_and_share_colours():
    figure = landscape_figure(landscape(), "title", network=False)
    upper = figure.axes[:2]
    for ax in upper:
        low, high = ax.get_ylim()
        for points in data_of(ax):
            assert low <= points[:, 1].min()
            assert points[:, 1].max() <= high
    assert upper[0].get_ylim() == upper[1].get_ylim()
    labels = [t.get_text() for t in figure.legends[0].get_texts()]
    assert [float(label) for label in labels] == list(EPSILONS)
    colours = [[tuple(line.get_color()) for line in ax.get_lines()][:3] for ax in figure.axes]
    assert all(c == colours[0] for c in colours)


def test_of_many_epsilons_as_many_are_shown_as_can_be_told_apart():
    many = [landscape().assign(epsilon=e) for e in np.linspace(0, 1, 13)]
    figure = landscape_figure(pd.concat(many), "title", network=False)
    labels = [float(t.get_text()) for t in figure.legends[0].get_texts()]
    assert len(labels) == 7
    assert (labels[0], labels[-1]) == (0, 1)
    assert "7 of 13" in figure.legends[0].get_title().get_text()


def test_a_network_has_a_panel_for_each_kind_of_line_and_none_for_planes():
    rows = landscape()
    rows = rows[rows["noise"] == "aligned"]
    others = [rows.assign(direction=name) for name in ("eigenvector", "eigenvector plane")]
    figure = landscape_figure(pd.concat([rows, *others]), "title", network=True)
    titles = [ax.get_title() for ax in figure.axes[:2]]
    assert titles == [
        "filter-normalised\nPGD at every point",
        "eigenvector\nPGD at every point",
    ]


def test_planes_share_one_scale_and_show_the_first_seed():
    rows = pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": e, "seed": s, "direction_seed": 0, "alpha": a,
             "beta": b, "split": "train", "direction": "filter-normalised plane",
             "attack": "frozen", "loss": (1 + e) * (0.1 + a**2 + b**2) + 100 * s}
            for e in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
            for s in (0, 1)
            for a in (-1.0, 0.0, 1.0)
            for b in (-1.0, 0.0, 1.0)
        ]
    )  # fmt: skip
    figure = plane_figure(rows, "title")
    flat = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in flat] == [
        rf"$\epsilon$ = {e}" for e in ("0", "0.2", "0.3", "0.5")
    ]
    filled = [ax.collections[0] for ax in flat]
    assert len({(c.norm.vmin, c.norm.vmax) for c in filled}) == 1
    assert filled[0].norm.vmax == pytest.approx(1.5 * 2)  # the rise at a corner of the last one
    assert "seed 0" in figure.get_suptitle()


def test_robustness_gap_is_train_minus_test_under_the_first_attack():
    gaps = {"none": 0.0, "pgd": 0.2, "fgsm": 0.6}
    rows = pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": e, "seed": 0, "split": split,
             "checkpoint": "last", "eval_epsilon": ev,
             "attack": attack, "steps": 10 if attack == "pgd" else np.nan, "restarts": np.nan,
             "accuracy": 0.9 if split == "train" else 0.9 - gaps[attack],
             "loss": 0.1 if split == "train" else 0.1 + gaps[attack]}
            for e in EPSILONS
            for ev in sorted({0.0, e, 0.5})
            for attack in (("pgd", "fgsm") if ev else ("none",))
            for split in ("train", "test")
        ]
    )  # fmt: skip
    figure = robustness_figure(rows, "title", "l2")
    _, accuracy, loss = figure.axes
    for ax in (accuracy, loss):
        points = np.concatenate(data_of(ax)[:2])
        attacked = points[points[:, 0] > 0]
        assert len(attacked) == 4  # two runs, at their own and at the common epsilon
        assert np.allclose(attacked[:, 1], 0.2)


def sharpness(radii=(0.5,), losses=("clean", "adversarial")):
    kinds = [("average", "l2"), ("average", "linf"), ("worst", "l2"), ("robust_worst", "layer_l2")]
    kinds += [("weight_curvature", np.nan)]
    return pd.DataFrame(
        [
            {"split": split, "epsilon": e, "seed": seed, "loss": loss, "measure": measure,
             "ball": ball, "radius": r if isinstance(ball, str) else np.nan,
             "value": r * (1 + e) * (1 + seed) - (measure == "worst")}
            for split in ("train", "test")
            for e in EPSILONS
            for seed in (0, 1, 2)
            for measure, ball in kinds
            for loss in (losses if measure in ("average", "worst") else ("adversarial",))
            for r in (radii if isinstance(ball, str) else radii[:1])
        ]
    )  # fmt: skip


def test_sharpness_has_a_panel_for_each_measure_and_ball():
    figure = sharpness_figure(sharpness(), "title", "l2")
    titles = [ax.get_title().replace("\n", ", ") for ax in figure.axes]
    assert titles == [
        r"average, L2, $\rho$ = 0.5", r"average, Linf, $\rho$ = 0.5",
        r"worst case, L2, $\rho$ = 0.5",
        r"robust flatness, worst case, L2 in each layer, $\xi$ = 0.5", "weight-curvature index",
    ]  # fmt: skip
    average, _, worst, robust, _ = figure.axes
    assert average.get_yscale() == "log"
    assert worst.get_yscale() == "linear"  # some of its values are not positive
    for points in data_of(average)[:2]:  # medians over three seeds, of either loss
        assert np.allclose(points, [[e, 0.5 * (1 + e) * 2] for e in EPSILONS])
    assert len(data_of(robust)) == 1
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [
        "adversarial loss", "clean loss",
    ]  # fmt: skip


def test_sharpness_tells_several_radii_apart():
    figure = sharpness_figure(sharpness((0.5, 1.0), ["adversarial"]), "title", "l2")
    average, index = figure.axes[0], figure.axes[-1]
    assert average.get_title() == "average\nL2, $\\rho$"
    assert [t.get_text() for t in average.get_legend().get_texts()] == ["0.5", "1"]
    heights = sorted(points[0, 1] for points in data_of(average) if points[0, 0] == 0)
    assert np.allclose(heights, [1.0, 2.0])
    assert index.get_legend() is None
    assert figure.legends == []  # one loss, named beside the axes
    assert "adversarial loss" in figure.get_supylabel()


def test_same_data_same_bytes(tmp_path):
    for name in ("a", "b"):
        figure = curvature_figure(curvature(), runs(), title="title", norm="l2")
        save(figure, [tmp_path / f"{name}.png", tmp_path / f"{name}.pdf"])
    for suffix in ("png", "pdf"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_regimes_keep_solved_and_stopped_runs_apart():
    settings = {"solved": (1e-3, np.nan), "stopped": (0.0, 100.0)}
    keys = [("aligned", e, s) for e in EPSILONS for s in (0, 1)]
    runs_table, rows = [], []
    for name, (decay, steps) in settings.items():
        for noise, epsilon, seed in keys:
            key = {"experiment": name, "noise": noise, "epsilon": epsilon, "seed": seed}
            runs_table.append({**key, "weight_decay": decay, "gradient_steps": steps,
                               "hard_margin": 0.5, "collapse_radius": 1.5})  # fmt: skip
            rows.append({**key, "split": "train", "loss": "adversarial", "hessian": "total",
                         "lambda_max": 1 + epsilon})  # fmt: skip
    figure = regimes_figure(pd.DataFrame(rows), pd.DataFrame(runs_table))
    solved, stopped = figure.axes
    assert {x for points in data_of(solved) for x in points[:, 0]} == {1e-3}
    assert {x for points in data_of(stopped) for x in points[:, 0]} == {100.0}


def test_theorem_points_lie_on_their_lines():
    _, eigenvalues, _ = theorem_figure().axes
    lines = {line.get_label(): line.get_xydata() for line in eigenvalues.get_lines()}
    frozen = lines.pop("any, with the noise frozen")
    assert np.allclose(frozen[:, 1], 0, atol=1e-12)
    points = [xy for label, xy in lines.items() if label.startswith("_")]
    assert len(points) == 3
    for epsilon, xy in zip((0.5, 1.0, 2.0), points, strict=True):
        assert np.allclose(xy[:, 1], epsilon / (2 * xy[:, 0]))


def test_collapsed_runs_have_no_landscape_and_the_figure_says_so():
    for figure in (
        landscape_figure(landscape().iloc[:0], "t", network=False),
        plane_figure(landscape().iloc[:0], "t"),
    ):
        assert "every run collapsed to w = 0" in figure.texts[0].get_text()


def test_a_study_of_the_clean_loss_shows_clean_accuracy_and_gap():
    rows = pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": 0.0, "seed": 0, "split": split, "checkpoint": "last",
             "attack": "none", "eval_epsilon": 0.0, "steps": np.nan, "restarts": np.nan,
             "accuracy": accuracy, "loss": 1 - accuracy}
            for split, accuracy in (("train", 1.0), ("test", 0.75))
        ]
    )  # fmt: skip
    accuracy, gap, _ = robustness_figure(rows, "t", "l2").axes
    assert sorted(line.get_ydata()[0] for line in accuracy.lines if len(line.get_ydata()) == 1) == [
        0.75, 1.0,
    ]  # fmt: skip
    assert [line.get_ydata()[0] for line in gap.lines if len(line.get_ydata()) == 1] == [0.25]


@pytest.mark.parametrize("title", ["Price $$ and $\\foo$, 100 %", "{a} \\ <b> & _x_"])
def test_titles_are_text(title, tmp_path):
    figure = landscape_figure(landscape(), title, network=False)
    save(figure, [tmp_path / "figure.png"])
    assert figure.get_suptitle() == title
