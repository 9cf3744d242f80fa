"""From a declaration and options to steps in order: data, then adapters, answers and scores of every arm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.experiments.declaration import Arm, Data, Experiment
from itdr_hf.experiments.options import BASELINE, Options, is_baseline
from itdr_hf.experiments.steps import (
    BuildStep,
    DataStep,
    LeakStep,
    PredictStep,
    ScoreStep,
    Step,
    TrainStep,
)
from itdr_hf.experiments.systems import Asking, label_of

MOST_SAMPLED = 0.8  # of a cell, where there is to be a validation split: train and test of all of it leave nothing


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One arm of one system, with one seed, asked in one way; where its answers and scores are."""

    arm: Arm
    model: str
    seed: int
    way: str
    home: Path  # of the experiment
    asked: Data
    trained: Data

    @property
    def label(self) -> str:
        """The system in names of folders."""
        return label_of(self.model)

    @property
    def adapter(self) -> Path | None:
        """The folder of the adapter, None for what is not tuned."""
        if not self.arm.tuned or is_baseline(self.model):
            return None
        return self.home / "adapters" / self.label / self.trainee

    @property
    def trainee(self) -> str:
        """What it was tuned on and with which seed, in names of folders."""
        if not self.arm.tuned:
            return "untuned"
        return self.trained.name + (f"-seed-{self.seed}" if self.seed else "")

    @property
    def predictions(self) -> Path:
        return self.home / "answers" / self.label / self.trainee / f"{self.asked.name}-{self.way}.parquet"

    @property
    def scores(self) -> Path:
        return self.home / "scores" / self.label / self.trainee / f"{self.asked.name}-{self.way}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps of a run in order, the trials that they make, and what is not run, with the reason."""

    experiment: Experiment
    options: Options
    steps: Sequence[Step]
    trials: Sequence[Trial]
    left_out: Sequence[str] = ()

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Yield every step as title and command, and last the one that puts the results together."""
        for step in self.steps:
            yield step.title, step.command()
        yield "results", ["itdr", "experiment", "collect", self.experiment.name, "--out", str(self.options.out)]


def plan(experiment: Experiment, options: Options) -> Plan:
    """Return the steps of an experiment. Raises UsageError for options that do not fit it."""
    if experiment.runner == "recommenders":
        from itdr_hf.experiments.recommenders import recommend_steps

        return Plan(experiment=experiment, options=options, steps=recommend_steps(options), trials=[])
    if experiment.runner == "profiles":
        from itdr_hf.experiments.ablation import ablation_steps

        return Plan(experiment=experiment, options=options, steps=ablation_steps(experiment, options), trials=[])
    _check(experiment, options)
    arms, left_out = _arms(experiment, options)
    trials = [trial for model in _systems(experiment, options) for trial in _trials(experiment, options, arms, model)]
    steps: list[Step] = [*_data_steps(experiment, options, trials)]
    if any(arm.optional for arm in arms):
        steps += [_leaks(options, one) for one in _datas(trials).values() if one.protocol != "whole" and _plain(one)]
    steps += _unique(_train(trial, options) for trial in trials if trial.adapter)
    steps += _unique(_predict(trial, experiment, options) for trial in trials)
    steps += _unique(_score(trial, trials, options) for trial in trials)
    return Plan(experiment=experiment, options=options, steps=steps, trials=trials, left_out=left_out)


def variant_of(data: Data, by: str) -> Data:
    """Return a sample split in the way that was asked for; a whole folder and one split by example stay as they are."""
    if by == "user" or data.protocol != "user":
        return data
    return replace(data, protocol="example", name=f"{data.name}-by-example")


def folder_of(data: Data, options: Options) -> Path:
    """Return where the folder of some data is: that which was given, where nothing is changed of it."""
    if _untouched(data, options):
        return options.folder if options.folder and not data.build else _built(data, options)
    return options.out / "data" / data.name


def _check(experiment: Experiment, options: Options) -> None:
    if not options.models:
        raise UsageError("experiment: no model; want --model: a Hub id, a folder, or baseline:NAME; see --help")
    if options.by not in ("user", "example"):
        raise UsageError(f"experiment: --split-by {options.by}; want user or example; change it")
    if experiment.served and not options.endpoint and not all(map(is_baseline, options.models)):
        raise UsageError(f"{experiment.name}: models without a server; want --endpoint, the address of one; add it")
    if options.endpoint and any(arm.tuned for arm in experiment.chosen(options.arms)):
        raise UsageError(f"{experiment.name}: arms that are tuned, and --endpoint; want --arms of untuned ones alone")
    tuned = any(arm.tuned and arm.data.protocol != "whole" for arm in experiment.chosen(options.arms))
    validated = options.settings.get("eval_limit") != 0 and not all(map(is_baseline, options.models))
    if tuned and validated and options.sampled > MOST_SAMPLED:
        raise UsageError(
            f"{experiment.name}: --sampled {options.sampled:g} leaves nothing to validate on; want at most "
            f"{MOST_SAMPLED:g}, or --setting eval_limit=0; change it"
        )


def _arms(experiment: Experiment, options: Options) -> tuple[list[Arm], list[str]]:
    """Return the arms to run, and those that would leave out a task of which there is no cell, with the reason."""
    arms, left_out = [], []
    cells = _cells(experiment, options)
    tasks = None if cells is None else {catalogue.task_of(name) for name in cells}
    for arm in experiment.chosen(options.arms):
        gone = {task for name in arm.data.left_out for task in catalogue.unions(experiment.family)[name]}
        if tasks is not None and gone and not gone & tasks:
            left_out.append(
                f"{arm.name}: no cell of {', '.join(sorted(gone))}, so it would be the same as {arm.against}"
            )
        elif tasks is not None and gone >= tasks:
            left_out.append(f"{arm.name}: no cell of another task than {', '.join(sorted(tasks))} to train on")
        else:
            arms.append(arm)
    if not arms:
        raise UsageError(f"{experiment.name}: no arm to run: {'; '.join(left_out)}; want more cells; add --config")
    return arms, left_out


def _cells(experiment: Experiment, options: Options) -> list[str] | None:
    """Return the cells of the whole dataset; None before it is built."""
    configs = options.configs or experiment.configs or None
    if options.folder is None:
        return catalogue.select(configs, experiment.family) if configs else None
    dataset = Dataset.open(options.folder).as_built()
    if dataset.ledger.family != experiment.family:
        raise UsageError(
            f"{options.folder}: cells of the family {dataset.ledger.family}; want {experiment.family}; give another --folder"
        )
    return [name for name in dataset.catalogue.select(configs, experiment.family) if name in dataset.cells]


def _systems(experiment: Experiment, options: Options) -> list[str]:
    """Return the models, and the systems that the experiment wants beside them; those of full logs only with `raw`."""
    from itdr_hf.models.recommenders.baselines import BASELINES

    beside = [one for one in experiment.beside if options.raw or one.removeprefix(BASELINE) in BASELINES]
    return list(dict.fromkeys([*options.models, *beside]))


def _trials(experiment: Experiment, options: Options, arms: Sequence[Arm], model: str) -> Iterator[Trial]:
    """Yield the trials of a system. A baseline learns from train, so that it is untuned only where every arm is."""
    ways = options.ways or experiment.ways
    for arm in arms:
        if is_baseline(model) and not arm.tuned and any(other.tuned for other in arms):
            continue
        seeds = options.seeds or experiment.seeds if arm.tuned and not is_baseline(model) else 1
        for seed in range(seeds):
            for way in ways if not is_baseline(model) else ("generation",):
                yield Trial(
                    arm=arm, model=model, seed=seed, way=way, home=options.out,
                    trained=variant_of(arm.data, options.by), asked=variant_of(arm.questions, options.by),
                )  # fmt: skip


def _datas(trials: Sequence[Trial]) -> dict[str, Data]:
    return {data.name: data for trial in trials for data in (trial.trained, trial.asked)}


def _data_steps(experiment: Experiment, options: Options, trials: Sequence[Trial]) -> Iterator[Step]:
    """Yield what builds the whole datasets, then what makes the arms' folders of them."""
    datas = _datas(trials)
    arm_of = {trial.asked.name: (trial.arm.name, True) for trial in trials}
    arm_of |= {trial.trained.name: (trial.arm.name, False) for trial in trials}
    builds: dict[Path, Step] = {}
    for data in datas.values():
        if data.build or options.folder is None:
            out = _built(data, options)
            builds[out] = _build(experiment, data, options, out)
    yield from builds.values()
    for data in datas.values():
        if not _untouched(data, options):
            whole = options.folder if options.folder and not data.build else _built(data, options)
            yield DataStep(
                experiment=experiment.name, arm=arm_of[data.name][0], data=data, whole=whole, by=options.by,
                output=folder_of(data, options), sampled=options.sampled, configs=options.configs or data.configs,
                asked=arm_of[data.name][1],
            )  # fmt: skip


def _build(experiment: Experiment, data: Data, options: Options, out: Path) -> Step:
    if options.raw is None:
        changed = ", ".join(f"{name} {value}" for name, value in data.build.items())
        raise UsageError(f"{data.name}: it is built with {changed}; want --raw, the raw releases; add it")
    size = {"num_examples": options.num_examples} if options.num_examples else {}
    configs = options.configs or data.configs or experiment.configs
    return BuildStep(
        output=out, raw=options.raw, family=experiment.family, configs=configs, changes={**data.build, **size}
    )


def _built(data: Data, options: Options) -> Path:
    return options.out / "built" / (data.name if data.build else "all")


def _untouched(data: Data, options: Options) -> bool:
    """Whether the folder is used as it was built."""
    return data.protocol == "whole" and _plain(data) and not _narrowed(data, options)


def _narrowed(data: Data, options: Options) -> bool:
    """Whether only some cells of the given folder are wanted."""
    wanted = options.configs or data.configs
    if options.folder is None or data.build or not wanted:
        return False
    dataset = Dataset.open(options.folder)
    return not set(dataset.cells) <= set(dataset.catalogue.select(wanted, dataset.ledger.family))


def _plain(data: Data) -> bool:
    return not data.left_out and data.share == 1 and not data.blanked


def _leaks(options: Options, data: Data) -> Step:
    return LeakStep(folder=folder_of(data, options), output=options.out / "leaks" / f"{data.name}.json")


def _train(trial: Trial, options: Options) -> TrainStep:
    given = ["--preset", options.preset] if options.preset else []
    given += ["--recipe", str(options.recipe)] if options.recipe else []
    assert trial.adapter is not None
    return TrainStep(
        folder=folder_of(trial.trained, options),
        output=trial.adapter,
        recipe=options.train_recipe(trial.model, trial.seed),
        given=given,
        settings=options.settings,
    )


def _predict(trial: Trial, experiment: Experiment, options: Options) -> PredictStep:
    baseline = is_baseline(trial.model)
    asking = Asking(
        model=trial.model, way=trial.way, adapter=trial.adapter, endpoint=None if baseline else options.endpoint,
        raw=options.raw if baseline else None, dtype=options.dtype, max_tokens=options.max_tokens,
        batch_tokens=options.batch_tokens, revision=options.settings.get("revision"),
        other_prompts=trial.arm.tuned and trial.asked.blanked == "train",
    )  # fmt: skip
    configs = options.configs or experiment.configs
    return PredictStep(folder=folder_of(trial.asked, options), output=trial.predictions, asking=asking, configs=configs)


def _score(trial: Trial, trials: Sequence[Trial], options: Options) -> ScoreStep:
    reference = _reference(trial, trials)
    return ScoreStep(
        folder=folder_of(trial.asked, options),
        predictions=trial.predictions,
        output=trial.scores,
        against=reference.predictions if reference else None,
        replicates=options.replicates,
    )


def _reference(trial: Trial, trials: Sequence[Trial]) -> Trial | None:
    """Return the trial that this one is compared with: of the same system, way and, where it has several, seed."""
    found = [
        other
        for other in trials
        if other.arm.name == trial.arm.against and (other.model, other.way) == (trial.model, trial.way)
    ]
    return next((other for other in found if other.seed == trial.seed), found[0] if found else None)


def _unique(steps: Iterable[Step]) -> list[Step]:
    """Return the steps without those that make the output of an earlier one: arms share what they have in common."""
    found: dict[Path, Step] = {}
    for step in steps:
        found.setdefault(step.output, step)
    return list(found.values())
