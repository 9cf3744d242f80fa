"""Put the scores of all arms together, next to the published figures of the same arm, cell and metric.

Several seeds are averaged. The interval of such a mean is the mean of their intervals, over the same users, which is at
least as wide as that of the mean. A difference to the paper is taken where the cell is of real data and references.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.experiments.declaration import WAYS, Arm, Experiment
from itdr_hf.experiments.lines import Line, Results
from itdr_hf.experiments.published import Column, column_of
from itdr_hf.score.measured import TOTALS

CHANCE = ("random", "template-copy")  # the baselines that are chance; of texts the second
EXAMPLE = "-by-example"


class _Found(NamedTuple):
    """The scores of the seeds of one arm of one system."""

    arm: Arm
    label: str
    way: str
    split: str
    scores: Sequence[Mapping[str, Any]]


def collect(experiment: Experiment, out: Path) -> Results:
    """Return what the folder of a run holds of an experiment. Raises UsageError when it holds nothing."""
    if experiment.runner == "recommenders":
        from itdr_hf.experiments.recommenders import collect_recommenders

        return collect_recommenders(experiment, out)
    if experiment.runner == "profiles":
        from itdr_hf.experiments.ablation import collect_ablation

        return collect_ablation(experiment, out)
    notes: list[str] = []
    found = list(_found(experiment, out, notes))
    if not found:
        raise UsageError(
            f"{out}: no scores of {experiment.name}; want those that its steps make; run it, or its commands, first"
        )
    lines = [line for one in found for line in _lines(experiment, one)]
    notes += dict.fromkeys(note for one in found for score in one.scores for note in score["notes"])
    return Results(
        experiment=experiment,
        lines=lines,
        published=[(arm.name, figure) for arm in experiment.arms for figure in experiment.published(arm)],
        notes=notes,
        leaks={path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("leaks/*.json"))},
    )


def _found(experiment: Experiment, out: Path, notes: list[str]) -> Iterator[_Found]:
    """Yield the arms of which there are scores, in the order of the declaration; what is out of date is noted."""
    own = {arm.data.name for arm in experiment.arms}  # an arm of its own comes before another one split otherwise
    labels = sorted(path.name for path in (out / "scores").glob("*") if path.is_dir())
    for label in labels:
        for way in WAYS:
            for arm in experiment.arms:
                for suffix in ("", EXAMPLE) if f"{arm.data.name}{EXAMPLE}" not in own or not arm.tuned else ("",):
                    scores = list(_scores(out, label, arm, way, suffix, notes))
                    if scores:
                        yield _Found(arm, label, way, _split(arm, suffix), scores)


def _scores(out: Path, label: str, arm: Arm, way: str, suffix: str, notes: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the scores of the seeds of an arm."""
    asked = arm.questions.name + (suffix if arm.questions.protocol == "user" else "")
    trained = arm.data.name + (suffix if arm.data.protocol == "user" else "") if arm.tuned else "untuned"
    if suffix and asked == arm.questions.name:
        return
    for folder in sorted((out / "scores" / label).glob(f"{trained}*"), key=_seed_of):
        path = folder / f"{asked}-{way}" / "scores.json"
        if not re.fullmatch(rf"{re.escape(trained)}(-seed-\d+)?", folder.name) or not path.is_file():
            continue
        scores = json.loads(path.read_text(encoding="utf-8"))
        if _is_stale(scores, out / "data" / asked):
            notes.append(f"{arm.name}: {path} is of another build of the data and left out; run it again")
        else:
            yield scores


def _seed_of(folder: Path) -> int:
    found = re.search(r"-seed-(\d+)$", folder.name)
    return int(found[1]) if found else 0


def _is_stale(scores: Mapping[str, Any], folder: Path) -> bool:
    """Whether scores are of other data than the folder holds now."""
    if not folder.is_dir():
        return False
    now = Dataset.open(folder).contents
    return any(now.get(name) != content for name, content in scores["dataset"]["cells"].items())


def _split(arm: Arm, suffix: str) -> str:
    protocol = "example" if suffix else arm.questions.protocol
    return "" if protocol == "whole" else protocol


def _lines(experiment: Experiment, found: _Found) -> Iterator[Line]:
    system = _system(found)
    paper, before = _columns(experiment, found.arm, system, set(found.scores[0]["cells"]))
    figures = [_by_cell(score, "ours") for score in found.scores]
    drawn = [_by_cell(score, name) for name in CHANCE for score in found.scores[:1]]
    changes = [{(d["config"], d["metric"]): d for d in score["differences"]} for score in found.scores]
    doubted = _doubted(found.scores[0])
    for config, metric in figures[0]:
        rows = [one[config, metric] for one in figures if (config, metric) in one]
        if len(rows) < len(figures):
            continue
        change = [one[config, metric] for one in changes if (config, metric) in one]
        chance: Mapping[str, Any] = next((one[config, metric] for one in drawn if (config, metric) in one), {})
        value, published = _mean(row["value"] for row in rows), paper.value(config, metric)
        earlier = before.value(config, metric) if before else None
        yield Line(
            arm=found.arm.name,
            system=system,
            way=found.way,
            split=found.split,
            config=config,
            metric=metric,
            value=value,
            low=_mean(row["low"] for row in rows),
            high=_mean(row["high"] for row in rows),
            n=rows[0]["n"],
            read=_mean(row["parsed_lenient"] for row in rows),
            seeds=", ".join(f"{row['value']:.4f}" for row in rows if row["value"] is not None) if len(rows) > 1 else "",
            chance=chance.get("value"),
            chance_low=chance.get("low"),
            chance_high=chance.get("high"),
            paper_model=paper.model if published is not None else "",
            paper=published,
            printed=paper.printed.get(metric) if config == TOTALS else None,
            difference=None if doubted(config) else _minus(value, published),
            change=_mean(one["difference"] for one in change),
            change_low=_mean(one["low"] for one in change),
            change_high=_mean(one["high"] for one in change),
            paper_change=_minus(published, earlier),
            doubted=doubted(config),
        )


def _columns(experiment: Experiment, arm: Arm, system: str, cells: Collection[str]) -> tuple[Column, Column | None]:
    """Return the column of the paper's tables for an arm, and for the arm it is compared with."""
    paper = column_of(experiment, arm, system, cells)
    if not arm.against:
        return paper, None
    return paper, column_of(experiment, experiment.arm(arm.against), paper.model, cells)


def _doubted(scores: Mapping[str, Any]) -> Any:
    """Return whether a cell has a caveat; a figure over cells has one where any of them does."""
    cells = {*scores["caveats"]["extractive"], *scores["caveats"]["simulated"]}
    return lambda config: config in cells if config in scores["cells"] else bool(cells)


def _by_cell(scores: Mapping[str, Any], system: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return config and metric -> figure of ours or of a baseline, without averages over the cells of a task."""
    kept = [row for row in scores["figures"] if row["kind" if system == "ours" else "system"] == system]
    return {(row["config"], row["metric"]): row for row in kept if not row["config"].endswith(")")}


def _system(found: _Found) -> str:
    """Return the name of a system: that of its model, of a baseline with the word."""
    return str(found.scores[0]["run"]["model"])


def _mean(values: Iterator[float | None] | Any) -> float | None:
    known = list(values)
    return fmean(known) if known and all(value is not None for value in known) else None


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
