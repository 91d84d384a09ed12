"""The stage, on a tiny network and tiny images."""

import numpy as np
import pytest

from advscape.data.prepared import Prepared
from advscape.models.state import save_weights
from advscape.sharpness.catalogue import MEASURES
from advscape.stages.job import Job
from advscape.stages.sharpness_network import sharpness_network
from advscape.study.columns import COLUMNS
from advscape.study.config.study import Study
from advscape.study.spec import stage_spec
from tests.sections import built_model

TINY = {
    "samples": 12,
    "attack": {"steps": 2},
    "average": {"draws": 2},
    "worst": {"steps": 2, "restarts": 2},
    "robust_average": {"draws": 2},
    "robust_worst": {"steps": 2, "restarts": 2},
    "weight_curvature": {"probes": 2},
}
MODEL = {"name": "resnet18", "width": 2}


def experiment(**sharpness):
    raw = {
        "name": "tiny",
        "dataset": {"name": "digits", "test_fraction": 0.5},
        "model": MODEL,
        "threat": {"norm": "l2"},
        "training": {"epochs": 1, "attack": {"steps": 1}},
        "grid": {"epsilons": [0, 0.3], "seeds": [0]},
        "evaluation": {"common_epsilon": 0.3, "attacks": [{"steps": 1}]},
        "curvature": {"samples": 8, "attack": {"steps": 1}, "probes": 2},
        "landscape": {"direction_seeds": [0], "samples": 8, "attack": {"steps": 1}},
        "sharpness": TINY | sharpness,
    }
    return Study.model_validate({"study": "s", "experiments": [raw]}).experiments[0]


@pytest.fixture
def files(tmp_path, torch_as_it_was):
    generator = np.random.default_rng(0)
    data = Prepared(
        generator.integers(0, 255, (40, 1, 8, 8)).astype(np.uint8), np.arange(40) % 3,
        np.zeros(40, dtype=bool), 255.0,
    )  # fmt: skip
    data.save(tmp_path / "data.npz")
    model = built_model(MODEL | {"activation": "relu"}, 3, (1, 8, 8), 0)
    save_weights(model.state_dict(), tmp_path / "weights.safetensors")
    return tmp_path / "data.npz", tmp_path / "weights.safetensors"


def measured(files, epsilon=0.3, **sharpness):
    spec = stage_spec("sharpness", experiment(**sharpness), "code")
    job = Job(spec(epsilon=epsilon, seed=0, noise="aligned"))
    return sharpness_network(job, *files)


def test_every_measure_has_its_rows(files):
    rows = measured(files, losses=["clean", "adversarial"])
    assert set(rows.columns) == {"noise", "epsilon", "seed", *COLUMNS["sharpness"]}
    assert set(rows["measure"]) == set(MEASURES)
    assert not rows.duplicated(["split", "loss", "measure", "ball", "radius"]).any()
    assert np.isfinite(rows["value"]).all()
    assert (rows["n"] == 12).all()
    drawn = rows["draws"] > 1  # one restart has no spread
    assert (rows.loc[drawn, "draws"] == 2).all()
    assert (rows["spread"].notna() == drawn).all()
    exact = rows["draws"] == 0  # the index, of a network with ReLU
    assert set(rows.loc[exact, "measure"]) == {"weight_curvature"}
    assert (rows.loc[exact, "stderr"] == 0).all()
    worst = rows["measure"].str.endswith("worst")
    assert rows.loc[worst, "stderr"].isna().all()
    assert (rows.loc[~worst, "stderr"].notna() == (drawn | exact)[~worst]).all()
    assert (rows.loc[worst, "value"] >= 0).all()
    of_weights = rows[~rows["measure"].isin(["robust_average", "robust_worst", "weight_curvature"])]
    assert (
        of_weights.groupby(["measure", "ball"], dropna=False)["loss"]
        .apply(set)
        .map(len)
        .eq(2)
        .all()
    )
    assert set(rows["ball"].dropna()) == {"l2", "linf", "layer_l2"}
    assert rows.loc[rows["measure"] == "weight_curvature", ["ball", "radius"]].isna().all().all()


def test_without_noise_both_losses_are_one(files):
    rows = measured(files, epsilon=0, losses=["clean", "adversarial"])
    wide = rows[rows["ball"].isin(["l2", "linf"])].pivot(
        index=["measure", "ball"], columns="loss", values="value"
    )
    assert len(wide) >= 12
    assert (wide["clean"] == wide["adversarial"]).all()


def test_only_what_is_asked_for_and_the_same_again(files):
    asked = {
        "measures": ["adaptive_worst", "normalised_average"],
        "balls": ["linf"],
        "splits": ["test", "train"],
        "worst": {"steps": 2, "linf": {"plain": [1.0], "adaptive": [0.001, 0.002]}},
    }
    one, two = measured(files, **asked), measured(files, **asked)
    assert one.equals(two)
    keys = one[["split", "measure", "ball", "radius"]].itertuples(index=False, name=None)
    assert list(keys) == [
        (split, measure, "linf", radius)
        for split in ("test", "train")
        for measure, radius in (
            ("normalised_average", 0.1), ("adaptive_worst", 0.001), ("adaptive_worst", 0.002),
        )
    ]  # fmt: skip
    assert measured(files, seed=1, **asked)["value"].ne(one["value"]).any()


def test_measures_do_not_move_each_other(files):
    """A measure taken alone is what it is among the others: every draw has a stream of its own."""
    everything = measured(files)
    for measure in MEASURES:
        alone = measured(files, measures=[measure])
        among = everything[everything["measure"] == measure].reset_index(drop=True)
        assert alone["value"].tolist() == among["value"].tolist(), measure
