"""Small tables that figures are drawn from, with values that are known."""

import numpy as np
import pandas as pd

EPSILONS = (0.0, 0.5, 1.0)


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


def network_curvature(valid):
    rows = curvature()
    rows = rows[rows["noise"] == "aligned"].assign(n=100.0, n_response=float("nan"))
    responds = rows["hessian"].isin(["response", "total"]) & (rows["loss"] == "adversarial")
    rows.loc[responds, "n_response"] = float(valid)
    if valid < 50:
        rows.loc[responds, ["lambda_max", "trace"]] = float("nan")
    return rows


def finite_scale():
    return pd.DataFrame(
        [
            {"split": "train", "direction": direction, "noise": "aligned", "epsilon": e,
             "seed": seed, "scale": scale, "total": 3 + e, "frozen": 2 + e}
            for direction in ("largest", "random") for e in EPSILONS for seed in (0, 1)
            for scale in (0.001, 0.01)
        ]
    )  # fmt: skip


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


def no_regimes():
    """Of networks."""
    return runs().assign(collapse_radius=float("nan"))


def layers():
    return pd.DataFrame(
        [
            {"split": "train", "noise": "aligned", "epsilon": e, "seed": seed, "loss": loss,
             "hessian": part, "layer": layer, "trace": sign * (1 + e)}
            for e in EPSILONS for seed in (0, 1)
            for loss, part in (("clean", "total"), ("adversarial", "frozen"))
            for layer, sign in (("stem", 1), ("block", -1), ("head", 2))
        ]
    )  # fmt: skip


def history():
    return pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": e, "seed": seed, "epoch": epoch, "loss": 1 / epoch,
             "accuracy": 0.1 * epoch, "test_loss": 2.0 if epoch == 2 else np.nan,
             "test_accuracy": 0.5 if epoch == 2 else np.nan, "validation_loss": np.nan,
             "validation_accuracy": np.nan}
            for e in EPSILONS for seed in (0, 1) for epoch in (1, 2)
        ]
    )  # fmt: skip


def plane(seeds=(0, 1, 2)):
    """The larger the seed's distance from 1, the higher the rise; not so in the middle."""
    return pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": e, "seed": s, "direction_seed": 0, "alpha": a,
             "beta": b, "split": "train", "direction": "filter-normalised plane",
             "attack": "frozen", "loss": (1 + e) * (0.1 + (1 + (s - 1) / 2) * (a**2 + b**2))}
            for e in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
            for s in seeds
            for a in (-1.0, 0.0, 1.0)
            for b in (-1.0, 0.0, 1.0)
        ]
    )  # fmt: skip


def robustness(epsilons=EPSILONS, seeds=(0, 1), common=0.5):
    gaps = {"none": 0.0, "pgd": 0.2, "fgsm": 0.6}
    return pd.DataFrame(
        [
            {"noise": "aligned", "epsilon": e, "seed": s, "split": split,
             "checkpoint": "last", "eval_epsilon": ev,
             "attack": attack, "steps": 10 if attack == "pgd" else np.nan, "restarts": np.nan,
             "accuracy": 0.9 if split == "train" else 0.9 - gaps[attack],
             "loss": 0.1 if split == "train" else 0.1 + gaps[attack]}
            for e in epsilons
            for s in seeds
            for ev in sorted({0.0, e, common})
            for attack in (("pgd", "fgsm") if ev else ("none",))
            for split in ("train", "test")
        ]
    )  # fmt: skip


def regimes():
    """Curvature and runs of a solved and of a stopped experiment."""
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
    return pd.DataFrame(rows), pd.DataFrame(runs_table)
