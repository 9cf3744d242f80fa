"""The tables of recommenders: `itdr recommend --experiment` as one step, and its scores next to the paper's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.dataset.caveats import Caveats
from itdr_hf.errors import UsageError, unknown
from itdr_hf.experiments.declaration import Arm, Experiment
from itdr_hf.experiments.identity import digest
from itdr_hf.experiments.lines import Line, Results
from itdr_hf.experiments.options import Options
from itdr_hf.experiments.plain_profiles import ProfileStep
from itdr_hf.experiments.published import column_of
from itdr_hf.experiments.reclm import SECONDS
from itdr_hf.experiments.steps import Step
from itdr_hf.models.recommenders.reclm import BACKBONES, VARIANTS
from itdr_hf.runtime.hashing import hash_file
from itdr_hf.runtime.progress import OnProgress

SETTINGS = {"full-shot": "full_shot", "zero-shot": "zero_shot"}
FIRST_SEED = 421
PROTOCOL = "snapshots"  # the paper's: train on one span of time, test on a later one


@dataclass(frozen=True, kw_only=True)
class RecommendStep:
    """Fit the recommenders in every variant on the log of a release, and rank the test set."""

    raw: Path
    source: str
    profiles: Path
    output: Path
    backbones: tuple[str, ...]
    seeds: int
    by: str = ""  # whose profiles they are, where several write some

    @property
    def title(self) -> str:
        return f"recommend {self.source}{f', profiles by {self.by}' if self.by else ''}"

    def inputs(self) -> Mapping[str, Any]:
        """Return the raw files by size and time, the profiles by content, and the choices."""
        chosen = {"profiles": hash_file(self.profiles), "backbones": self.backbones, "seeds": self.seeds}
        return {"raw": raw_digest(self.raw, self.source), "source": self.source, **chosen}

    def command(self) -> list[str]:
        words = ["itdr", "recommend", str(self.raw), "--source", self.source, "--experiment", "reclm"]
        words += ["--profiles", str(self.profiles), "--protocol", PROTOCOL, "--seeds", str(self.seeds)]
        return [*words, *(w for name in self.backbones for w in ("--model", name)), "--out", str(self.output)]

    def run(self, progress: OnProgress) -> None:
        from itdr_hf.models.recommenders.reclm import run_experiment
        from itdr_hf.models.recommenders.run_data import data_from_raw
        from itdr_hf.models.recommenders.run_folder import write_run
        from itdr_hf.models.recommenders.settings import DEFAULTS
        from itdr_hf.models.recommenders.threads import one_thread

        one_thread()
        data = data_from_raw(self.raw, self.source, protocol=PROTOCOL, progress=progress)
        data = data.with_item_texts().with_profiles(self.profiles)
        found = run_experiment(
            data.split,
            data.features,
            backbones=self.backbones,
            variants=tuple(VARIANTS),
            settings={name: DEFAULTS[name] for name in self.backbones},
            seeds=range(FIRST_SEED, FIRST_SEED + self.seeds),
            progress=progress,
        )
        write_run(self.output, data, found.rows, found.differences)

    def clear(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)


def recommend_steps(options: Options) -> list[Step]:
    """Return the steps for options of a run; without `profiles` plain ones are written first.

    Raises UsageError where raw releases or the source are missing, or a model is no backbone.
    """
    raw, source, out = options.raw, options.source, options.out
    if raw is None or source is None:
        raise UsageError("experiment of recommenders: want --raw and --source, such as mind; see `itdr recommend`")
    if strange := [name for name in options.models if name not in BACKBONES]:
        raise unknown("recommender of the experiment", strange[0], BACKBONES)
    profiles = options.profiles or out / "profiles" / f"{source}.parquet"
    steps: list[Step] = []
    if options.profiles is None:
        known = raw_digest(raw, source)
        steps.append(ProfileStep(raw=raw, source=source, protocol=PROTOCOL, output=profiles, raw_digest=known))
    steps.append(
        RecommendStep(
            raw=raw,
            source=source,
            profiles=profiles,
            output=out / "recommend" / source,
            backbones=options.models or BACKBONES,
            seeds=options.seeds or 1,
        )
    )
    return steps


def raw_digest(raw: Path, source: str) -> str:
    """Return a hash of the names, sizes and times of the files of a release."""
    from itdr_hf.raw.release import find_release

    release = find_release(catalogue.current().with_found(raw).source(source), raw)
    files = sorted(path for path in release.folder.rglob("*") if path.is_file())
    return digest({path.name: [path.stat().st_size, path.stat().st_mtime_ns] for path in files})


def collect_recommenders(experiment: Experiment, out: Path) -> Results:
    """Return the scores of every release in the folder of a run. Raises UsageError when there are none."""
    found = sorted((out / "recommend").glob("*/scores.json"))
    if not found:
        raise UsageError(f"{out}: no scores of {experiment.name}; want those that its steps make; run it first")
    return Results(
        experiment=experiment,
        lines=[line for path in found for line in lines_of(experiment, path)],
        published=[(arm.name, figure) for arm in experiment.arms for figure in experiment.published(arm)],
        notes=caveats_of(found),
        leaks={},
    )


def caveats_of(paths: Iterable[Path]) -> list[str]:
    """Return what is to be known of files of scores: which releases are simulated."""
    data = [json.loads(path.read_text(encoding="utf-8"))["data"] for path in paths]
    simulated = dict.fromkeys(str(one["name"]) for one in data if one.get("simulated", True))
    return Caveats(extractive=(), simulated=tuple(simulated)).sentences


def lines_of(experiment: Experiment, path: Path, arms: Mapping[str, str] | None = None) -> Iterator[Line]:
    """Yield the figures of a file of scores. `arms` names the arm of a variant, others are left out; by default
    an arm is a recommender in a variant."""
    scores = json.loads(path.read_text(encoding="utf-8"))
    simulated = bool(scores["data"].get("simulated", True))
    for row in scores["rows"]:
        if arms is not None and row["variant"] not in arms:
            continue
        arm = experiment.arm(arms[row["variant"]] if arms else f"{row['model']} {row['variant']}")
        for metric, value, low, high, users in _figures(row):
            change = _change(scores, arm, metric) if row["variant"] == "augmented" else {}
            yield _line(experiment, arm, scores, metric, (value, low, high), users, simulated, change)


def _figures(row: Mapping[str, Any]) -> Iterator[tuple[str, float | None, float | None, float | None, int]]:
    for setting, field in SETTINGS.items():
        scored = row[field]
        for metric, found in (scored["metrics"] if scored else {}).items():
            yield f"{metric}, {setting}", found["value"], found["low"], found["high"], scored["users"]
    if row["seconds_per_epoch"] is not None:
        yield SECONDS, row["seconds_per_epoch"], None, None, 0


def _line(
    experiment: Experiment, arm: Arm, scores: Mapping[str, Any], metric: str,
    span: tuple[float | None, float | None, float | None], users: int, simulated: bool, change: Mapping[str, float],
) -> Line:  # fmt: skip
    source = str(scores["data"]["name"])
    paper = column_of(experiment, arm, arm.models[0]).value(source, metric)
    base = (
        column_of(experiment, experiment.arm(arm.against), arm.models[0]).value(source, metric) if arm.against else None
    )
    doubted = simulated or metric == SECONDS
    return Line(
        arm=arm.name, system=source, way="ranking", split="", config=source, metric=metric, value=span[0], low=span[1],
        high=span[2], n=users, read=None, seeds="", chance=None, chance_low=None, chance_high=None, paper_model=arm.models[0] if paper is not None else "",
        paper=paper, printed=None,
        difference=None if doubted or paper is None or span[0] is None else span[0] - paper,
        change=change.get("difference"), change_low=change.get("low"), change_high=change.get("high"),
        paper_change=None if paper is None or base is None else paper - base, doubted=doubted,
    )  # fmt: skip


def _change(scores: Mapping[str, Any], arm: Arm, metric: str) -> Mapping[str, float]:
    """Return the paired difference of augmented and base, nothing where the run does not have it for the metric."""
    name, _, setting = metric.partition(", ")
    wanted = (f"{arm.models[0]}, {setting}", name)
    found = (one for one in scores["differences"] if (one["what"], one["metric"]) == wanted)
    return next(found, {})
