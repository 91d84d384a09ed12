"""The columns of every table: what their cells are, in which unit, and what they mean.

Tables are read and checked by them, Parquet files have their types from them, rows of two studies
are matched by those that are keys, and ``docs/tables.md`` gets them by ``make schema``. An empty
cell is a missing value: the quantity does not exist, or was not measured.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "number", "truth"]

NAME: Kind = "name"
NUMBER: Kind = "number"
TRUTH: Kind = "truth"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        kind: of its cells: a name (text), a number, or a truth value (True or False).
        meaning: in words; Markdown.
        unit: of its numbers; empty for counts and pure numbers.
        whole: whether its numbers are whole ones.
        key: whether it says which row a row is: what was measured, not what was found.
    """

    kind: Kind
    meaning: str
    unit: str = ""
    whole: bool = False
    key: bool = False


def _name(meaning: str, *, key: bool = False) -> Column:
    return Column(NAME, meaning, key=key)


def _number(meaning: str, unit: str = "", *, key: bool = False) -> Column:
    return Column(NUMBER, meaning, unit, key=key)


def _count(meaning: str, *, key: bool = False) -> Column:
    return Column(NUMBER, meaning, whole=True, key=key)


def _truth(meaning: str) -> Column:
    return Column(TRUTH, meaning)


_PIXELS = "pixels in [0, 1]"
_SPLIT = _name("samples: `train` or `test`", key=True)
_N = _count("number of samples")
_P1P = _number("mean of p (1 - p), where p is the probability of the true label")

#: columns that say which run a row is of
KEY: dict[str, Column] = {
    "experiment": _name("name of the experiment in the config", key=True),
    "dataset": _name("the dataset, or its `label` in the config", key=True),
    "model": _name(
        "the model; a network's width and activation are named where they are not the defaults, as "
        "in `resnet18-w16-gelu`; networks of torchvision and timm are called by both names, "
        "as in `torchvision-resnet18`, your own model by its `label`",
        key=True,
    ),
    "norm": _name("norm of the threat model: `l2` or `linf`", key=True),
    "noise": _name(
        "what the model was trained with: `aligned` (the optimal noise, or an attack), `random`, "
        "or `opposed`",
        key=True,
    ),
    "epsilon": _number(
        "radius of the noise in training; a run at 0 carries the name of its arm all the same; "
        "empty where a network already trained has none in the config",
        _PIXELS,
        key=True,
    ),
    "seed": _count("seed of the run", key=True),
    "label": _name(
        "networks already trained: their user's name for them, the method say", key=True
    ),
    "epoch": _count(
        "epochs behind the weights: of networks already trained where given, of snapshots and of "
        "the best weights, and of the others where there are snapshots beside them; in history.csv "
        "the epochs so far",
        key=True,
    ),
    "variant": _name(
        "how the network was trained, where the experiment has `variants`: `base`, or a name of "
        "the config",
        key=True,
    ),
}

#: in tables of measurements
_CHECKPOINT = _name(
    "weights that were measured: `last`, `best` (the epoch of the highest robust accuracy on the "
    "validation samples), `averaged`, or a `snapshot`, of an epoch",
    key=True,
)

#: the other columns of the tables with rows of single jobs
COLUMNS: dict[str, dict[str, Column]] = {
    "runs": {
        "epochs": _count("networks: passes over the training set"),
        "train_loss": _number(
            "linear: the minimum, with the penalty; networks: running mean of the objective over "
            "the batches of the last epoch, so that objectives cannot be compared by it",
            "nats",
        ),
        "grad_norm": _number(
            "linear: largest absolute entry of the gradient in (w, b), with the penalty"
        ),
        "weight_norm": _number("Euclidean norm of w (linear) or of all parameters (networks)"),
        "regime": _name(
            "linear runs with aligned noise: `separable`, `finite` or `collapsed`; otherwise `n/a`"
        ),
        "converged": _truth("linear: whether `grad_norm` is within the tolerance"),
        "wall_s": _number("time of the solution or of the training", "s"),
        "file": _name("networks already trained: the file of the weights, as the config names it"),
        "digest": _name("SHA-256 of that file"),
        "attack_epsilon": _number(
            "networks already trained: radius of the attack in curvature, landscape and sharpness: "
            "`epsilon`, and where that is empty the config's `evaluation.common_epsilon`",
            _PIXELS,
        ),
        "device": _name("where it ran"),
        "iterations": _count("linear: Newton steps, or gradient steps"),
        "hard_margin": _number(
            "linear: radius up to which the training set is separable; between the regimes "
            "`separable` and `finite`",
            _PIXELS,
        ),
        "collapse_radius": _number(
            "linear: radius from which the solution is w = 0; between `finite` and `collapsed`",
            _PIXELS,
        ),
        "weight_decay": _number("linear: lambda of the penalty (lambda / 2) |w|^2"),
        "gradient_steps": _count(
            "linear: steps after which gradient descent was stopped; empty where the problem was "
            "solved to its minimum"
        ),
        "objective": _name(
            "networks: the objective of the config; `at` at epsilon 0 is called `standard`"
        ),
        "best_epoch": _count(
            "networks: the epoch with the highest robust accuracy on the validation samples; empty "
            "without validation samples"
        ),
    },
    "history": {
        "loss": _number("mean of the objective over the batches of the epoch", "nats"),
        "accuracy": _number("share of the attacked training batches that was classified correctly"),
        "learning_rate": _number("of the epoch's last step"),
        "weight_norm": _number("Euclidean norm of all parameters"),
        "images_per_s": _number("speed of the training", "1/s"),
        **{
            f"{split}_{quantity}": _number(
                f"{quantity} on {split} samples under training's attack, eval mode, at most "
                "`monitor: samples` of them; empty where the monitor did not measure",
                "nats" if quantity == "loss" else "",
            )
            for split in ("validation", "test")
            for quantity in ("loss", "accuracy")
        },
    },
    "robustness": {
        "split": _name("samples: `train` (without the validation samples) or `test`", key=True),
        "checkpoint": _CHECKPOINT,
        "attack": _name(
            "`none`, `closed-form` (linear), or an attack of the config: `pgd`, `fgsm`, `random`, "
            "`opposed`, `autoattack`",
            key=True,
        ),
        "eval_epsilon": _number(
            "radius of the attack: 0, the run's own epsilon, and the epsilon common to all runs",
            _PIXELS,
            key=True,
        ),
        "box": _truth("whether attacked inputs stay in [0, 1]"),
        "steps": _count("steps of PGD (of `opposed`: of the PGD that lowers the loss)", key=True),
        "restarts": _count("restarts of PGD", key=True),
        "accuracy": _number("share of the samples that are classified correctly"),
        "loss": _number(
            "mean cross-entropy; AutoAttack has none, because it leaves samples that it cannot "
            "fool as they were",
            "nats",
        ),
        "n": _N,
        "mean_p1p": _number(_P1P.meaning + "; AutoAttack has none"),
        "components": _name(
            "of AutoAttack: the attacks that it is made of; below four classes its targeted "
            "attacks do not exist"
        ),
    },
    "sanity": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "check": _name("which check; see below", key=True),
        "value": _number("what was found; empty where it is not a number, which is not ok"),
        "bound": _number("the largest value that is ok"),
        "ok": _truth("whether `value` is at most `bound`"),
        "n": _N,
    },
    "curvature": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "loss": _name("`adversarial` (under the run's own noise) or `clean`", key=True),
        "hessian": _name(
            "which term: `frozen` (the noise held fixed), `response` (what the attack adds by "
            "following the weights), or `total`, their sum. The clean loss has only `total`. "
            "Networks have no `response` row at epsilon 0, where linear models have 0. The frozen "
            "part of a network has two terms of its own: `gauss-newton`, by the curvature of the "
            "loss in the logits, and `functional`, by that of the network in its weights. With "
            "`response` they sum to `total`: they are over its samples, with its probes, and where "
            "it is not measurable they sum to `frozen`",
            key=True,
        ),
        "n": _N,
        "n_response": _count(
            "networks, response and total: samples at which the response of the attack exists, "
            "because the noise is a strict, smooth maximum; `n` is then the same. With fewer than "
            "half of the samples both terms are not measurable: their cells are empty, and `n` is "
            "the number of all samples"
        ),
        "response_loss_share": _number(
            "networks, response and total: share of the loss that these samples carry. What the "
            "others would add to `total` is not known; this is the size of what it leaves out"
        ),
        "kkt_tol": _number(
            "networks: largest distance to its maximum, over epsilon, of a sample that counts as "
            "being there"
        ),
        "firmness": _number(
            "networks, response and total: smallest eigenvalue, over these samples, of the matrix "
            "by which noise returns to its maximum, over mu on the sphere and over its mean "
            "eigenvalue elsewhere. Near 0 a maximum is nearly flat, and its response large"
        ),
        "largest_share": _number(
            "networks, response and total: largest share of one sample in v . B v, with B the "
            "response and v the eigenvector of lambda_max"
        ),
        "lambda_max": _number("largest eigenvalue"),
        "lambda_max_residual": _number(
            "|H v - lambda v| of the computed pair: an eigenvalue of the matrix lies within "
            "this distance; with `maxima_error` for a network's response and total"
        ),
        "lambda_max_sample_stderr": _number(
            "networks: standard error of lambda_max over the samples, from v . H v of each, with v "
            "its eigenvector. To first order: that few samples make lambda_max larger than all "
            "would is not in it"
        ),
        "lambda_min": _number("networks: smallest eigenvalue, where the config asks for it"),
        "min_to_max": _number("networks: |lambda_min| / lambda_max"),
        "maxima_error": _number(
            "networks, response and total: by how much the step that is left to the maxima would "
            "change v . H v, with v the eigenvector of lambda_max"
        ),
        "trace": _number(
            "trace: exact (linear models, and networks that are linear in each of their tensors, "
            "as ReLU's are, at held noise), or Hutchinson's estimate over `probes` of what "
            "Lanczos' products do not show exactly"
        ),
        "trace_stderr": _number(
            "standard error of the trace over the probes, 0 of an exact one; of a network's "
            "response and total with the change that the step left to the maxima would make"
        ),
        "scaled_lambda_max": _number("|w|^2 lambda_max"),
        "scaled_trace": _number("|w|^2 trace / d, with d the number of parameters"),
        "mean_p1p": _number(_P1P.meaning + ", at the inputs that the Hessian was taken at"),
        "probes": _count("networks: random vectors of the trace; 0 where it is exact"),
        "products": _count("networks: Hessian-vector products of Lanczos"),
        "converged": _truth("whether Lanczos reached its tolerance"),
        "support": _count(
            "linear: weights that the Hessian is over; with Linf noise those that are not exactly "
            "0, because the loss has kinks at the others"
        ),
        "half_spread": _number(
            "networks, frozen, response and total: difference of lambda_max between the two halves "
            "of the samples, relative to their mean; empty with a single sample"
        ),
        "gradient_noise": _number(
            "networks, clean total and adversarial frozen: trace of the covariance of single "
            "samples' gradients over all parameters, in eval mode; of batches of b it is 1/b of it"
        ),
        "gradient_noise_stderr": _number("its standard error, over batches"),
        "reason": _name(
            "networks: why the row has no numbers: its products could not be shown to be right "
            "([how](what_you_bring.md#hessians)), or are not finite. Empty where it was measured, "
            "and where the response is merely undefined"
        ),
    },
    "eigenvalues": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "loss": _name("as in curvature.csv", key=True),
        "hessian": _name("`frozen` or `total`, as in curvature.csv", key=True),
        "end": _name("of the spectrum: `largest` or `smallest`", key=True),
        "rank": _count("1 is the outermost", key=True),
        "eigenvalue": _number("the eigenvalue"),
        "residual": _number("|H v - lambda v|: an eigenvalue lies within this distance"),
        "converged": _truth("whether the residual is within the tolerance"),
    },
    "layers": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "loss": _name("as in curvature.csv", key=True),
        "hessian": _name("as in curvature.csv", key=True),
        "layer": _name("name of the parameter", key=True),
        "trace": _number("trace of the parameter's diagonal block"),
        "trace_stderr": _number("standard error over the probes, 0 of an exact one"),
    },
    "spectrum": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "loss": _name("as in curvature.csv", key=True),
        "hessian": _name("as in curvature.csv", key=True),
        "eigenvalue": _number("where the density is evaluated"),
        "density": _number(
            "density of the eigenvalues, broadened by a Gaussian; its integral is 1"
        ),
        "density_stderr": _number("standard error over the probes"),
    },
    "maxima": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "kind": _name(
            "what the attack's outcome is: a strict maximum on the `sphere`, in the `interior` of "
            "the ball, or (Linf) one with `free coordinates`, some pixels at no bound or none; at "
            "a `kink` of the network, from which a short step along the gradient does not raise "
            "the loss; or `not converged`",
            key=True,
        ),
        "n": _count("number of samples of this kind"),
        "loss_share": _number("share of the adversarial loss that they carry"),
        "distance": _number(
            "largest distance to the maximum, over epsilon, of those at which the loss bends down "
            "in all directions"
        ),
        "firmness": _number("smallest firmness of those, as in curvature.csv"),
    },
    "finite_scale": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "direction": _name(
            "`largest`: the search of this column's quantity ended there, so that `total` and "
            "`frozen` are of two directions; or `random` (Gaussian), the same for both",
            key=True,
        ),
        "direction_index": _count("which of the random directions", key=True),
        "scale": _number("r over the norm of all parameters", key=True),
        "radius": _number("r, the length of the step"),
        "total": _number(
            "second difference with the attack run again at each of the three points; of the "
            "`largest` a lower bound over all directions. At epsilon 0 equal to `frozen`"
        ),
        "total_stderr": _number("standard error over the samples"),
        "total_gain": _number("what the last two directions tried added to it"),
        "centre_missing": _number(
            "2 / r^2 of the loss at w that more steps and a restart found at the end: it is taken "
            "off `total`, which may still be too large by as much"
        ),
        "ends_missing": _number(
            "the same at w + r v and w - r v: added to `total`, which may still be too small by as "
            "much"
        ),
        "frozen": _number("second difference with the noise held fixed"),
        "frozen_stderr": _number("standard error over the samples"),
        "frozen_gain": _number("what the last two directions tried added to it"),
        "gradients": _number("gradients of the loss that both took, forward passes as a third"),
        "n": _N,
    },
    "sharpness": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "loss": _name(
            "`clean`, or `adversarial`: under the noise made at the trained weights (`robust_*` "
            "attack again at every weight)",
            key=True,
        ),
        "measure": _name("which measure; see below", key=True),
        "ball": _name(
            "norm of the moves: `l2`, `linf`, or `layer_l2` (L2 in each layer); empty for the "
            "index",
            key=True,
        ),
        "radius": _number("rho or xi of the definition; empty for the index", key=True),
        "value": _number("the measure", "nats"),
        "stderr": _number(
            "standard error over the draws, 0 of what is exact; empty for worst cases, because a "
            "maximum has none",
            "nats",
        ),
        "spread": _number(
            "standard deviation over single draws, or over the restarts of a worst case; empty "
            "with fewer than two. Restarts that agree may all have stopped early: more `steps` can "
            "still raise a worst case",
            "nats",
        ),
        "draws": _count("random draws, restarts, or probes; 0 of what is exact"),
        "n": _N,
    },
    "landscape": {
        "split": _SPLIT,
        "checkpoint": _CHECKPOINT,
        "direction": _name(
            "kind of the line (`filter-normalised`, `layer-normalised`, `gaussian`, `raw`, "
            "`eigenvector`, `best-checkpoint`, `initial-weights`); a plane of two such directions "
            "has ` plane` behind the name",
            key=True,
        ),
        "direction_seed": _count(
            "seed of the direction, the same for every run; of an eigenvector its rank; of a plane "
            "that of its first direction",
            key=True,
        ),
        "alpha": _number(
            "step along the direction; eigenvectors have length 1, random directions the scale of "
            "the weights",
            key=True,
        ),
        "beta": _number("step along a plane's second direction; 0 on lines", key=True),
        "attack": _name(
            "`none`, `frozen` (noise made at the trained weights), or `regenerated` (made again at "
            "every point)",
            key=True,
        ),
        "loss": _number(
            "mean cross-entropy; empty where the moved weights make outputs overflow", "nats"
        ),
        "accuracy": _number("share of the samples that are classified correctly"),
        "n": _N,
        "curvature": _number(
            "on lines, at alpha = 0: d^T H d from the Hessian; empty for a network's regenerated "
            "attack, and for lines to other checkpoints"
        ),
        "kinks": _truth(
            "networks, beside `curvature`: whether the network has a function whose slope jumps "
            "(ReLU, max pooling, ...)"
        ),
    },
}

_FLATNESS: dict[str, Column] = {
    "split": _SPLIT,
    "checkpoint": _CHECKPOINT,
    "direction": _name("the line's, as in landscape.csv", key=True),
    "direction_seed": _count("the line's, as in landscape.csv", key=True),
    "attack": _name("the line's, as in landscape.csv", key=True),
    "quantity": _name(
        "`rise`: mean loss at -at and at, minus the loss at 0. `width`: distance between the two "
        "points where the loss has risen by at; empty where the line does not rise so far. "
        "`second-difference`: that of the loss over steps of at, divided by at^2. `hessian`: "
        "d^T H d, which the second difference must agree with",
        key=True,
    ),
    "at": _number("a value of alpha; of `width` a rise of the loss", key=True),
    "value": _number("the quantity"),
    "n": _N,
}

#: the tables that are read from those, with all their columns
SUMMARIES: dict[str, dict[str, Column]] = {
    "flatness": {**KEY, **_FLATNESS},
    "claims": {
        "claim": _name("its id", key=True),
        "statement": _name("the claim in words"),
        "effect": _name("what the estimate is: a `ratio`, a `difference`, a `share`, or `tau`"),
        "statistic": _name("the same in words, with the epsilons or arms that are compared"),
        "estimate": _number("mean over seeds; of ratios the geometric mean"),
        "ci_low": _number("lower 95 % limit (Student's t over seeds; of ratios on logarithms)"),
        "ci_high": _number("upper 95 % limit"),
        "bound": _number("what the rule compares the estimate with"),
        "p_value": _number(
            "`grows` and `falls`: Page's trend test, exact for small grids; `flat`: the larger p "
            "value of both sides; the others: a t test over seeds of the effect against its bound"
        ),
        "p_holm": _number(
            "the same, corrected for the number of the study's claims by Holm's method: the chance "
            "of one false `supported` or more among them stays below the level. The verdict goes "
            "by `p_value`"
        ),
        "detectable": _number(
            "effect that as many seeds with the same spread would find in 80 of 100 studies: the "
            "smallest above the bound, or the largest below; of `flat` the narrowest bound"
        ),
        "verdict": _name(
            "`supported`, `not supported`, `contradicted`, or `not testable` (fewer than 3 seeds, "
            "of trends fewer than 3 epsilons, or values that have no ratio)"
        ),
        "seeds": _count("seeds that it was decided by"),
        "n_runs": _count("measurements that it was decided by"),
        "missing": _name(
            "seeds and runs that are not there; a seed without one of them is left out"
        ),
        "experiment": _name("the experiment"),
        "quantity": _name("the quantity, or both"),
        "rows": _name("which rows of its table"),
        "rule": _name("the decision rule in words"),
    },
    "comparison": {
        "experiment": _name("the experiment", key=True),
        "label": KEY["label"],
        "variant": KEY["variant"],
        "noise": KEY["noise"],
        "epsilon": KEY["epsilon"],
        "checkpoint": _CHECKPOINT,
        "seeds": _count("runs that the means are over"),
        **{
            f"{name}{suffix}": _number(words + of, unit)
            for name, (words, unit) in {
                "clean_accuracy": ("accuracy on test samples without an attack", ""),
                "test_accuracy": (
                    "accuracy on test samples under the first attack, at the run's own epsilon "
                    "(where that is 0 or not known, at the common one)",
                    "",
                ),
                "test_loss": ("loss there", "nats"),
                "gap_accuracy": ("robust accuracy, train minus test", ""),
                "gap_loss": ("robust loss, test minus train", "nats"),
                "frozen": ("lambda_max of the adversarial loss with the noise held fixed", ""),
                "total": ("lambda_max of the whole Hessian", ""),
                "average": (
                    "sharpness on average: the first of `adaptive_average`, `average` and "
                    "`robust_average` that was measured",
                    "nats",
                ),
                "worst": (
                    "sharpness in the worst case: the first of `adaptive_worst`, `worst` and "
                    "`robust_worst`",
                    "nats",
                ),
            }.items()
            for suffix, of in (("", "; mean"), ("_sd", "; standard deviation over seeds"))
        },
        "rank_test_accuracy": _count("rank among the experiment's rows: 1 is the most accurate"),
        "rank_gap_accuracy": _count("1 has the smallest gap, with its sign"),
        "rank_frozen": _count("1 has the smallest lambda_max"),
        "rank_worst": _count("1 is the flattest in the worst case"),
    },
    "missing": {
        "experiment": _name("the experiment", key=True),
        "epsilon": _name("epsilon of the run", key=True),
        "variant": _name("its variant", key=True),
        "checkpoint": _name("which of its weights, where they are not the last", key=True),
        "epoch": _name("its epoch, of a snapshot or a network already trained", key=True),
        "label": _name("its label, of a network already trained", key=True),
        "seed": _name("seed, or seeds, of the run", key=True),
        "stage": _name("the rule that was not done", key=True),
        "reason": _name("what its log ends with"),
        "log": _name("the log"),
    },
}


def names_of_rows(table: str) -> list[str]:
    """Columns of a table that tell the rows of one network apart, ``checkpoint`` aside."""
    columns = COLUMNS[table] if table in COLUMNS else SUMMARIES[table]
    return [
        name for name, column in columns.items()
        if column.key and name not in KEY and name != "checkpoint"
    ]  # fmt: skip


def columns_of(table: str) -> dict[str, Column]:
    """All columns of a table in their order; none of a table that is not the study's."""
    if table in COLUMNS:
        return KEY | COLUMNS[table]
    return SUMMARIES.get(table, {})
