"""The one parameter of each rule's jobs: functions of a job's wildcards, made once for a study.

Plain Python over a plan, for the rules of the workflow; see :mod:`advscape.study.spec` for what a
parameter holds.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from advscape.study.canonical import canonical
from advscape.study.config.study import TrainedExperiment
from advscape.study.figures import FIGURES, Experiment
from advscape.study.fingerprint import fingerprint, module_of
from advscape.study.plan import Plan, trial_of
from advscape.study.spec import stage_spec


class Wildcards(Protocol):
    """What a job's files are named by; each job has some of these, as text."""

    experiment: str
    cell: str
    seed: str
    seeds: str
    part: str
    table: str
    trial: str


#: from a job's wildcards to its parameter, JSON
Parameter = Callable[[Any], str]


class Parameters:
    """The parameters of a study's jobs."""

    def __init__(
        self,
        plan: Plan,
        code: Callable[[str], str],
        content: Mapping[str, str],
        files: Mapping[Path, str],
    ):
        """Take what they are made from.

        Args:
            plan: of the study.
            code: from a script's file name to the fingerprint of its code.
            content: from a dataset's id to the digest of its files.
            files: from a checkpoint's file to its digest.
        """
        self._plan, self._code, self._content, self._files = plan, code, content, files

    def linear(self, stage: str) -> Parameter:
        """Of a job that treats all cells of one seed; only training needs to list them."""
        specs = self._specs(stage, self._plan.linear, self._code(f"{stage}_linear.py"))

        def parameter(wildcards: Wildcards) -> str:
            grid: dict[str, Any] = {"seed": int(wildcards.seed)}
            if stage == "train":
                cells = self._plan.linear[wildcards.experiment].grid
                grid |= {"epsilons": cells.epsilons, "noise": cells.noise}
            return specs[wildcards.experiment](**grid)

        return parameter

    def network(self, stage: str) -> Parameter:
        """Of a job that trains a network, takes it from a file, or measures one, some or a part."""
        code = self._code(f"{stage}_network.py")
        trainings = self._trainings(stage, code) if stage == "train" else {}
        experiments = self._plan.given if stage == "take" else self._plan.networks
        others = {name: self._plan.networks[name] for name in experiments if stage != "train"}
        specs = self._specs(stage, others, code)

        def parameter(wildcards: Wildcards) -> str:
            name = wildcards.experiment
            experiment, found = self._plan.networks[name], self._plan.cell(name, wildcards.cell)
            noise = experiment.noise
            if isinstance(experiment, TrainedExperiment):
                noise = experiment.trainings[found.variant].attack.noise
            cell = {"epsilon": found.epsilon, "noise": noise, **found.columns}
            if hasattr(wildcards, "part"):
                cell["part"] = int(wildcards.part)
            if hasattr(wildcards, "seed"):
                cell["seed"] = int(wildcards.seed)
            else:
                cell["seeds"] = seeds_of(wildcards)
            if found.epsilon is None:
                cell["attack_epsilon"] = experiment.evaluation.common_epsilon
            if name in self._plan.given:
                cell |= self._of_files(stage, name, wildcards.cell, cell)
            spec = trainings[name, found.variant] if stage == "train" else specs[name]
            return spec(**cell)

        return parameter

    def _of_files(
        self, stage: str, name: str, cell: str, runs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the jobs of networks that are already trained depend on beside their cell."""
        given = self._plan.given[name]
        if stage == "evaluate":
            held = {str(seed): given[cell, seed].expect for seed in runs["seeds"]}
            return {"expect": held} if any(held.values()) else {}
        if stage != "take":
            return {}
        run = given[cell, runs["seed"]]
        return {
            "file": run.file, "place": str(run.place), "digest": self._files[run.place],
            "key": run.key, "prefix": run.prefix,
        }  # fmt: skip

    def trial(self) -> Parameter:
        """Of the trial of a training: what all of its runs depend on, and no more.

        Not the code, nor the grid, nor what is measured: whatever runs the trial again makes
        Snakemake train again (it does not look at anything else of what follows from a job that
        runs, not even where the file between them is ancient).
        """
        specs = {
            (name, trial_of(variant)): spec
            for (name, variant), spec in self._trainings("try", "").items()
        }

        def parameter(wildcards: Wildcards) -> str:
            noise = self._plan.networks[wildcards.experiment].noise
            return specs[wildcards.experiment, wildcards.trial](epsilon=0.0, noise=noise, seed=0)

        return parameter

    def figure(self, kind: str) -> Parameter | str:
        """Of a figure: what draws it, of which rows, and what its title says.

        A figure of the whole study has one parameter, which does not depend on wildcards.
        """
        figure = FIGURES[kind]
        code = [self._code("figure.py"), fingerprint(module_of(figure.function))]
        config: dict[str, Any] = {
            "function": figure.function, "experiment": None, "arguments": {},
            "checkpoints": figure.checkpoints,
        }  # fmt: skip
        if figure.of == "study":
            return canonical(code=code, config=config)

        def parameter(wildcards: Wildcards) -> str:
            experiment = self._plan.experiments[wildcards.experiment]
            own = {"experiment": experiment.name, "arguments": figure.values(experiment)}
            return canonical(code=code, config=config | own)

        return parameter

    def table(self) -> Parameter:
        """Of a table: which experiment each of its files is of."""
        code = self._code("table.py")

        def parameter(wildcards: Wildcards) -> str:
            sources = self._plan.sources(wildcards.table)
            return canonical(code=code, config={"table": wildcards.table, "sources": sources})

        return parameter

    def _trainings(self, stage: str, code: str) -> dict[tuple[str, str | None], Callable[..., str]]:
        """Of a stage that depends on the training: one for each variant of each experiment."""
        return {
            (name, variant): self._specs(
                stage, {name: experiment.model_copy(update={"training": training})}, code
            )[name]
            for name, experiment in self._plan.trained.items()
            for variant, training in experiment.trainings.items()
        }

    def _specs(
        self, stage: str, experiments: Mapping[str, Experiment], code: str
    ) -> dict[str, Callable[..., str]]:
        return {
            name: stage_spec(stage, experiment, code, self._content[experiment.dataset.id])
            for name, experiment in experiments.items()
        }


def seeds_of(wildcards: Wildcards) -> list[int]:
    """The seeds of the networks that a job measures."""
    return [int(seed) for seed in wildcards.seeds.split("+")]
