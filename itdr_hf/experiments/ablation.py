"""RecLM's Figure 2: the model that writes the profiles tuned in four ways, and recommenders with the profiles of each.

distil   on the teacher's profiles alone (the paper's GPT_KD)     naive   then on dialogues of one turn
mask     then on dialogues of two turns                           full    then refined by a learned reward
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from itdr_hf.errors import MissingAnswersError, UsageError
from itdr_hf.experiments.declaration import Experiment
from itdr_hf.experiments.identity import identity
from itdr_hf.experiments.lines import Line, Results
from itdr_hf.experiments.options import Options, is_baseline
from itdr_hf.experiments.reclm import BASE
from itdr_hf.experiments.recommenders import RecommendStep, caveats_of, lines_of
from itdr_hf.experiments.steps import BuildStep, Step, TrainStep
from itdr_hf.experiments.systems import Asking, label_of, open_system
from itdr_hf.models.train.recipe import changed
from itdr_hf.runtime.progress import OnProgress

BACKBONES = ("lightgcn",)  # the paper does not say which its figure is of
CELLS = ("profile", "dialogue", "reward", "inference", "itemprofile")
PROFILES = ("profile", "itemprofile")  # of which the first stage learns to write both sides


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of tuning: the cells it learns from, the adapters it needs, and the preset of the paper's settings."""

    cells: tuple[str, ...]
    preset: str
    fields: Mapping[str, str]  # of the recipe; `start` and `reward` name other stages


STAGES = {
    "distil": Stage(cells=PROFILES, preset="reclm-distil", fields={}),
    "naive": Stage(cells=("dialogue",), preset="reclm-dialogue", fields={"start": "distil"}),
    "mask": Stage(cells=("dialogue",), preset="reclm-dialogue", fields={"start": "distil"}),
    "reward": Stage(cells=("reward",), preset="reclm-reward", fields={"stage": "reward", "start": "distil"}),
    "full": Stage(
        cells=("reward",), preset="reclm-refine", fields={"stage": "refine", "start": "mask", "reward": "reward"}
    ),
}


@dataclass(frozen=True, kw_only=True)
class WriteStep:
    """Have a tuned model write the profile of every user and item."""

    folder: Path
    raw: Path
    output: Path  # the table, in a folder with answers and report
    asking: Asking
    configs: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"profiles by {self.output.parent.name}"

    def inputs(self) -> Mapping[str, Any]:
        from itdr_hf.dataset.folder import Dataset

        asking = {**vars(self.asking), "model": identity(self.asking.model)}
        asking["adapter"] = identity(self.asking.adapter) if self.asking.adapter else ""
        return {"data": Dataset.open(self.folder).contents, "asking": asking, "configs": self.configs}

    def command(self) -> list[str]:
        words = ["itdr", "profile", str(self.folder), "--raw", str(self.raw), "--out", str(self.output.parent)]
        return [*words, *(word for name in self.configs for word in ("--config", name)), *self.asking.words()]

    def run(self, progress: OnProgress) -> None:
        from itdr_hf.build.prepare import Settings
        from itdr_hf.dataset.folder import Dataset
        from itdr_hf.models.profiling import profile_into

        dataset, settings = Dataset.open(self.folder), Settings(raw=self.raw, warn=lambda text: None)
        system = open_system(self.asking, dataset)
        made = profile_into(self.output.parent, dataset, system, settings, configs=self.configs, progress=progress).made
        if made.missing:
            raise MissingAnswersError(made.sentence(self.output.parent, self.folder))

    def clear(self) -> None:
        shutil.rmtree(self.output.parent, ignore_errors=True)


def ablation_steps(experiment: Experiment, options: Options) -> list[Step]:
    """Return the steps: two builds, the stages of tuning, the profiles of each writer, recommenders with them.

    Raises UsageError where raw releases, the source or one model are missing.
    """
    raw, source = options.raw, options.source
    if raw is None or source is None:
        raise UsageError("reclm-ablation: want --raw and --source, such as mind; see `itdr experiment run --help`")
    if len(options.models) != 1 or is_baseline(options.models[0]):
        found = ", ".join(options.models) or "none"
        raise UsageError(f"reclm-ablation: models {found}; want one to tune, a Hub id or a folder; change --model")
    writers = [arm.name for arm in experiment.chosen(options.arms) if arm.name != BASE]
    stages = [name for name in STAGES if name in _needed(writers)]
    return [
        *(_build(options, raw, source, single) for single in (False, True) if not single or "naive" in stages),
        *(_train(options, source, name) for name in stages),
        *(_write(options, raw, source, name) for name in writers),
        *(_recommend(options, raw, source, name) for name in writers),
    ]


def collect_ablation(experiment: Experiment, out: Path) -> Results:
    """Return the scores with the profiles of every writer. Raises UsageError when there are none."""
    found = {arm.name: sorted((out / "recommend").glob(f"by-{arm.name}/*/scores.json")) for arm in experiment.arms}
    if not any(found.values()):
        raise UsageError(f"{out}: no scores of {experiment.name}; want those that its steps make; run it first")
    notes = [*caveats_of(chain(*found.values())), *_notes(experiment, out)]
    return Results(experiment=experiment, lines=list(_lines(experiment, found)), published=[], notes=notes, leaks={})


def _lines(experiment: Experiment, found: Mapping[str, list[Path]]) -> Iterator[Line]:
    """Yield the figures without profiles once, then those with the profiles of each writer."""
    first = next(paths for paths in found.values() if paths)
    for path in first:
        yield from lines_of(experiment, path, {"base": BASE})
    for name, paths in found.items():
        for path in paths:
            yield from lines_of(experiment, path, {"augmented": name})


def _notes(experiment: Experiment, out: Path) -> Iterator[str]:
    """Yield how many profiles each writer wrote that could be read and that differ: all alike, they say nothing."""
    for arm in experiment.arms:
        for path in sorted((out / "profiles").glob(f"*/{arm.name}/report.json")):
            sides = json.loads(path.read_text(encoding="utf-8"))["sides"]
            made = {side: found["profiles"] for side, found in sides.items() if found.get("profiles")}
            texts = [
                f"of {one['profiles']:,} {side}s {one['parsed']:.0%} could be read and {one['distinct']:.0%} are distinct"
                for side, one in made.items()
            ]
            yield f"profiles by {arm.name}: {', '.join(texts)}"


def _needed(writers: list[str]) -> set[str]:
    """Return the stages of writers, with those that they begin with or are refined by."""
    needed: set[str] = set()
    for name in writers:
        others = [other for role, other in STAGES[name].fields.items() if role in ("start", "reward")]
        needed |= {name, *_needed(others)}
    return needed


def _build(options: Options, raw: Path, source: str, single: bool) -> BuildStep:
    size = {"num_examples": options.num_examples} if options.num_examples else {}
    cells = ("dialogue",) if single else CELLS
    return BuildStep(
        output=_built(options, single), raw=raw, family="reclm", configs=tuple(f"{cell}-{source}" for cell in cells),
        changes={**size, **({"dialogue": "single-turn"} if single else {})},
    )  # fmt: skip


def _built(options: Options, single: bool) -> Path:
    return options.out / "built" / ("reclm-single-turn" if single else "reclm")


def _adapter(options: Options, name: str) -> Path:
    return options.out / "adapters" / label_of(options.models[0]) / name


def _train(options: Options, source: str, name: str) -> TrainStep:
    stage = STAGES[name]
    configs = tuple(f"{cell}-{source}" for cell in stage.cells)
    fields = {
        role: str(_adapter(options, value)) if role in ("start", "reward") else value
        for role, value in stage.fields.items()
    }
    given = ["--recipe", str(options.recipe)] if options.recipe else ["--preset", options.preset or stage.preset]
    given += [word for config in configs for word in ("--config", config)]
    given += [word for role, value in fields.items() for word in (f"--{role}", value)]
    recipe = options.train_recipe(options.models[0], 0, stage.preset)
    return TrainStep(
        folder=_built(options, name == "naive"), output=_adapter(options, name),
        recipe=changed(recipe, {**fields, "configs": configs}), given=given, settings=options.settings,
    )  # fmt: skip


def _write(options: Options, raw: Path, source: str, name: str) -> WriteStep:
    asking = Asking(
        model=options.models[0], adapter=_adapter(options, name), dtype=options.dtype, max_tokens=options.max_tokens,
        batch_tokens=options.batch_tokens, revision=options.settings.get("revision"),
    )  # fmt: skip
    return WriteStep(
        folder=_built(options, False), raw=raw, output=_profiles(options, name), asking=asking,
        configs=(f"inference-{source}", f"itemprofile-{source}"),
    )  # fmt: skip


def _profiles(options: Options, name: str) -> Path:
    return options.out / "profiles" / label_of(options.models[0]) / name / "profiles.parquet"


def _recommend(options: Options, raw: Path, source: str, name: str) -> RecommendStep:
    return RecommendStep(
        raw=raw, source=source, profiles=_profiles(options, name), output=options.out / "recommend" / f"by-{name}" / source,
        backbones=BACKBONES, seeds=options.seeds or 1, by=name,
    )  # fmt: skip
