"""A network that cannot work is refused in one line, before any is trained; the others pass."""

import numpy as np
import pytest

from advscape.data.prepared import Prepared
from advscape.errors import UserError
from advscape.stages.job import Job
from advscape.stages.try_network import try_network
from advscape.study.config.study import Study
from advscape.study.spec import stage_spec

USERS, HERE = "tests.users_networks", "tests.trial.networks"


pytestmark = pytest.mark.usefixtures("torch_as_it_was")


def experiment(model, **changes):
    raw = {
        "name": "tiny",
        "dataset": {"name": "digits", "test_fraction": 0.5},
        "model": model,
        "threat": {"norm": "l2"},
        "training": {"epochs": 1, "batch_size": 10, "attack": {"steps": 1}},
        "grid": {"epsilons": [0, 0.3], "seeds": [0]},
        "evaluation": {"common_epsilon": 0.3, "attacks": [{"steps": 1}]},
        "curvature": {"samples": 8, "attack": {"steps": 1}, "probes": 2},
        "landscape": {"direction_seeds": [0], "samples": 8, "attack": {"steps": 1}},
        **changes,
    }
    return Study.model_validate({"study": "s", "experiments": [raw]}).experiments[0]


def tried(folder, function, size=8, constant=False, black=False, resources=None, **changes):
    """The notes of a trial of ``module:function`` on random images of three classes."""
    images = np.random.default_rng(0).integers(0, 255, (40, 1, size, size)).astype(np.uint8)
    if constant:
        images[5] = 7
    if black:
        images[..., : size // 2] = 0
    data = Prepared(images, np.arange(40) % 3, np.zeros(40, dtype=bool), 255.0)
    data.save(folder / "data.npz")
    model = function
    if isinstance(function, str):
        model = {"name": "custom", "function": function, "label": "own"}
    spec = stage_spec("try", experiment(model, **changes), "code")
    job = Job(spec(epsilon=0.3, seed=0, noise="aligned"), resources)
    return try_network(job, folder / "data.npz")


def test_a_short_batch_and_batch_norm_are_a_note(tmp_path):
    training = {"epochs": 1, "batch_size": 19, "attack": {"steps": 1}}
    resnet = {"name": "resnet18", "width": 2}
    (note,) = tried(tmp_path, resnet, training=training)
    assert note.startswith("An epoch's last batch has 2 samples, of 21 in batches of 19.")
    assert tried(tmp_path, {"name": "cnn", "width": 2}, training=training) == []


PASS = [
    f"{USERS}:{name}" for name in (
        "Plain", "own_layer_forward", "HookBetween", "UsedTwiceUnseen", "UnusedWeight",
        "FusedAttention", "compiled", "ChangesInput", "Double", "FrozenLayer", "SharedBuffer",
        "CalledByKeyword", "ImageByImage", "WeightNorm", "hard_sigmoid", "Ensemble", "LargeLogits",
        "StandardisesEachImage",
    )
] + [f"{HERE}:{name}" for name in (
    "CompiledInside", "Overlapping", "WithExtraTensor", "lazy", "spread", "WideLogits",
    "orthogonal", "Counts", "Drops", "PixelsAlone",
)]  # fmt: skip


@pytest.mark.parametrize("function", PASS)
def test_what_can_work_passes(tmp_path, function):
    assert tried(tmp_path, function) == []


REFUSED = {
    f"{HERE}:OwnGenerator": "made again and given its state_dict, it gives other outputs in traini",
    f"{HERE}:Warmup": "made again and given its state_dict, it gives other outputs in traini",
    f"{HERE}:OtherMemory": "a pass gives its net.4.weight other memory (.data = ...), so that it",
    f"{HERE}:DetachedWeight": "its output depends on its parameter shift, which gets no gradient",
    f"{HERE}:WithoutGradient": "its output depends on its parameter net.4.weight, which gets no",
    f"{HERE}:FirstBatch": "a pass in eval mode changes its shift, and its outputs with it",
    f"{HERE}:FirstBatchUnseen": "a pass in eval mode changes its shift, and its outputs with it",
    f"{HERE}:Checkpointed": "it cannot be differentiated twice: not with fast layers: Checkp",
    f"{HERE}:CheckpointedReentrant": "RuntimeError: When use_reentrant=True, torch.utils.checkpoi",
    f"{HERE}:scripted": "0 is compiled by TorchScript, which takes no other weights or hooks",
    f"{HERE}:SparseBuffer": "its mask is a sparse_coo tensor; allowed: dense tensors",
    f"{HERE}:Unmade": "its net.0.weight is a meta tensor; allowed: dense tensors",
    f"{USERS}:ExtraState": "its state_dict has _extra_state, a dict; allowed: tensors",
    f"{USERS}:TupleWhileTraining": "its output in training mode is a tuple; allowed: a tensor",
    f"{USERS}:Random": "it gives other outputs for the same inputs in eval mode: it draws random",
    f"{USERS}:NormStaysInTrainMode": "net.1 stays in training mode after eval()",
    f"{USERS}:ComplexWeights": "its parameter mix is complex64; allowed: float32 or float64",
    f"{HERE}:AllFrozen": "all its parameters are frozen; allowed: at least one",
    f"{HERE}:Half": "its parameter net.0.weight is float16; allowed: float32 or float64",
    f"{HERE}:Mixed": "net.0.weight is float32 and net.4.weight is float64; allowed: one precision",
    f"{HERE}:Tied": "net.4.weight and other.weight share a tensor; tied weights are not supported",
    f"{HERE}:DictWhileTraining": "its output in training mode is a dict; allowed: a tensor",
    f"{HERE}:Detached": "its output has no gradient in its input",
    f"{HERE}:DropsAlways": "it gives other outputs for the same inputs in eval mode",
    f"{HERE}:BatchStatistics": "a sample's logits depend on the other samples of its batch",
    f"{HERE}:NumpyConstant": "register them as buffers",
    f"{HERE}:KeepsOutside": "register them as buffers",
    f"{HERE}:NoSecondDerivative": "it cannot be differentiated twice: not with fast layers: Runt",
    f"{HERE}:Rooted": "the gradient of its parameter zero is not finite",
}


@pytest.mark.parametrize(("function", "words"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_work_is_refused_in_one_line(tmp_path, function, words):
    with pytest.raises(UserError) as refused:
        tried(tmp_path, function)
    line = str(refused.value)
    assert line.startswith(f"model custom ({function}): ")
    assert words in line
    assert "\n" not in line


def test_an_image_that_a_network_cannot_take_is_named(tmp_path):
    with pytest.raises(UserError, match=r"not finite for 1 of .* sample .* whose pixels are all"):
        tried(tmp_path, f"{USERS}:StandardisesEachImage", constant=True)


@pytest.mark.parametrize("name", ["Probabilities", "Sigmoids"])
def test_probabilities_are_noted(name, tmp_path):
    (note,) = tried(tmp_path, f"{USERS}:{name}")
    assert "look like probabilities" in note


@pytest.mark.parametrize("name", ["RoundsPixels", "HalfDetached", "InNumpy"])
def test_a_gradient_that_is_not_the_slope_is_noted(name, tmp_path):
    note, *_ = tried(tmp_path, f"{HERE}:{name}")
    assert note.startswith("The gradient in its inputs is not the slope of its loss")


@pytest.mark.parametrize("own", ["tests.curvature.test_proof:Wrong", f"{HERE}:DoubledGradient"])
def test_hessians_that_cannot_be_shown_to_be_right_are_noted(own, tmp_path):
    *_, note = tried(tmp_path, own)
    assert note.startswith("Its Hessians cannot be shown to be right at new weights; where that")


def test_more_eigenvalues_than_parameters_are_refused(tmp_path):
    """The trial is where the network's size is known before any is trained."""
    with pytest.raises(UserError, match=r"model custom .*: curvature\.largest and .*: got 4000 "):
        tried(tmp_path, f"{USERS}:Plain", resources={"eigenvalues": 4000})


def test_a_batch_of_one_is_refused_where_batch_norm_cannot_take_it(tmp_path):
    training = {"epochs": 1, "batch_size": 1, "attack": {"steps": 1}}
    with pytest.raises(UserError, match=r"training\.batch_size: got 1; allowed: 2 or more"):
        tried(tmp_path, {"name": "resnet18", "width": 2}, size=4, training=training)


@pytest.mark.parametrize("name", ["resnet18", "preactresnet18", "cnn"])
def test_black_pixels_beside_new_biases_are_no_kinks(tmp_path, name):
    """Both are exactly 0, where a ReLU has no derivative."""
    assert tried(tmp_path, {"name": name, "width": 8}, size=16, black=True) == []


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_networks_of_ours_pass(tmp_path, precision):
    compute = {"precision": precision}
    assert tried(tmp_path, {"name": "preactresnet18", "width": 2}, compute=compute) == []
