"""Jobs start quickly: what takes seconds to import is not imported."""

import subprocess
import sys

from tests.conftest import ROOT

#: torch's compiler takes as long as torch, and comes with torchvision's models and torch.optim.SGD
SLOW = ["torch._dynamo", "torchvision", "matplotlib", "snakemake"]
TRAIN = """
import torch
from advscape.machine.device import set_up
from advscape.models.resnet import SmallImageResNet18
from advscape.training.updates import Descent
set_up("cpu", threads=1)
model = SmallImageResNet18(3, (1, 32, 32), 4)
update = Descent(model, 0.9, 1e-3)
def gradient():
    loss = model(torch.rand(2, 1, 8, 8)).square().sum()
    loss.backward()
    return loss.detach(), torch.zeros(())
update.step(gradient, 0.1, 0)
"""


def imported(code):
    """Which of the slow ones some code has imported at its end."""
    end = f"\nimport sys; print([name for name in {SLOW} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + end], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_networks_jobs_leave_the_compiler_alone():
    stages = ["train", "evaluate", "curvature", "landscape", "sharpness", "strength"]
    names = ", ".join(f"advscape.stages.{stage}_network" for stage in stages)
    assert imported(f"import {names}") == "[]"


def test_a_step_of_training_leaves_the_compiler_alone():
    assert imported(TRAIN) == "[]"


def test_linear_jobs_do_without_torch():
    scripts = list(ROOT.glob("workflow/scripts/*_linear.py"))
    text = "\n".join(script.read_text() for script in scripts)
    lines = [line for line in text.splitlines() if line.startswith("from advscape")]
    assert len(lines) >= len(scripts) > 1
    check = "\nimport sys; assert 'torch' not in sys.modules"
    assert imported("\n".join(lines) + check) == "[]"


def test_torchvisions_names_are_read_without_it():
    code = "from advscape.models.architectures import torchvision_architectures as names"
    assert imported(f"{code}; import sys; assert names() and 'torch' not in sys.modules") == "[]"


PARSE = """
import sys
from snakemake.cli import main
try:
    main(["--snakefile", sys.argv[1], "--configfile", sys.argv[2], "--dry-run", "--quiet", "all"])
except SystemExit as end:
    assert end.code == 0, end.code
heavy = {"torch", "torchvision", "scipy", "sklearn", "matplotlib", "seaborn"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_plan_loads_no_torch(tmp_path):
    arguments = [str(ROOT / "Snakefile"), str(ROOT / "config.yaml")]
    done = subprocess.run(
        [sys.executable, "-c", PARSE, *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
