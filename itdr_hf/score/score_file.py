"""One report: our system, its comparisons and, where asked, another system on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from itdr_hf.dataset.caveats import Caveats, caveats_of
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import Comparison, holm
from itdr_hf.models.predict.predictions import Predictions, Run, read_predictions
from itdr_hf.models.recommenders.baselines import MODEL
from itdr_hf.runtime.progress import OnProgress, Progress, each, ignore
from itdr_hf.score.by_template import TemplateScores, template_scores
from itdr_hf.score.comparisons import answer_baselines, paper_rows, published_cells
from itdr_hf.score.measured import TOTALS, CellScore, Measured, Resampling, SystemScore
from itdr_hf.score.parsed import CellAnswers, RawAnswer, check_predictions, read_answers, read_examples
from itdr_hf.score.scoring import compare_systems, left_out_totals, score_system, tasks_of


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is scored, how answers are read, how intervals are drawn."""

    split: str = "test"
    reading: str = "lenient"
    partial: bool = False
    baselines: bool = True
    resampling: Resampling = field(default_factory=Resampling)


class Row(NamedTuple):
    """One figure of one system, as it stands in every export; nan where there is none."""

    kind: str  # ours, other, baseline or paper
    system: str
    config: str
    metric: str
    value: float
    low: float = float("nan")
    high: float = float("nan")
    n: int = 0
    users: int = 0
    parsed_strict: float = float("nan")
    parsed_lenient: float = float("nan")
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was scored, on which split of what, and how answers were read; `differences` are ours minus `other`.

    `run` says who answered, `contents` the dataset's version and the content hash of each cell, `caveats` which cells
    have references by rule or simulated data: no published figures stand next to these.
    """

    ours: SystemScore
    split: str
    run: Run
    version: str
    contents: Mapping[str, str]
    baselines: Sequence[SystemScore] = ()
    other: SystemScore | None = None
    differences: Mapping[tuple[str, str], Comparison] = field(default_factory=dict)
    notes: Sequence[str] = ()
    caveats: Caveats = field(default_factory=lambda: Caveats(extractive=(), simulated=()))
    templates: Sequence[TemplateScores] = ()

    @property
    def configs(self) -> list[str]:
        """The cells, then tasks over their cells, then TOTALS where tasks are scored."""
        return [*self.ours.cells, *self.ours.averages, *([TOTALS] if self.ours.totals else [])]

    @property
    def corrected(self) -> dict[tuple[str, str], float]:
        """The p of each difference after Holm's correction over all of them."""
        return dict(zip(self.differences, holm([d.p for d in self.differences.values()]), strict=True))

    def rows(self, config: str | None = None) -> list[Row]:
        """Every figure of one cell, TOTALS or all: ours, the other, baselines, the paper's."""
        systems = [("ours", self.ours)] + ([("other", self.other)] if self.other else [])
        systems += [("baseline", system) for system in self.baselines]
        rows = []
        for name in [config] if config else self.configs:
            for kind, system in systems:
                rows += _rows_of(kind, system, name)
            metrics = {row.metric for row in rows if row.config == name}
            for system_name, figures in paper_rows(name).items() if name not in self.caveats.cells else ():
                shown = [m for m in figures if m in metrics and tasks_of(m).isdisjoint(self._not_comparable)]
                rows += [Row("paper", system_name, name, m, figures[m]) for m in shown]
        return rows

    @property
    def _not_comparable(self) -> frozenset[str]:
        """The tasks that have a cell with a caveat, or one that is in no paper."""
        known = published_cells() - set(self.caveats.cells)
        return frozenset(cell.task for name, cell in self.ours.cells.items() if name not in known)


def score_file(
    path: Path,
    folder: Dataset | Path,
    options: Options,
    *,
    against: Path | None = None,
    validation: Path | None = None,
    progress: OnProgress = ignore,
) -> Report:
    """Score a predictions file on the dataset folder that was asked.

    `validation` is the file of the same system's answers to the validation split, by which templates are chosen.
    With `against`, a second file is scored on the same examples: those of the cells of both that both answered.
    Raises UsageError for predictions of another build, or incomplete ones unless `options.partial`.
    """
    dataset = opened(folder)
    files = [read_predictions(p) for p in (path, against) if p]
    configs, notes = _shared_configs(files, dataset)
    read: list[list[CellAnswers]] = [[] for _ in files]
    for config in each("reading answers", configs, progress):
        examples = read_examples(dataset, config, options.split)
        for file in files:
            check_predictions(examples, file.rows, config, options.partial)
        asked = [example for example in examples if all(example.id in file.rows for file in files)]
        if len(asked) < len(examples):
            notes.append(f"{config}: scored on {len(asked)} of {len(examples)} examples")
        for place, file in enumerate(files):
            said = [RawAnswer(file.rows[e.id].text, file.rows[e.id].finish_reason) for e in asked]
            read[place].append(read_answers(dataset.cell(config), asked, said))
    progress(Progress("measuring"))
    caveats = caveats_of(dataset, configs)
    without = left_out_totals({dataset.cell(name).task.id for name in caveats.cells})
    measure = partial(score_system, reading=options.reading, resampling=options.resampling, without=without)
    systems = [measure(name_of(file), answers) for file, answers in zip(files, read, strict=True)]
    progress(Progress("measuring the baselines"))
    given = answer_baselines(dataset, read[0], _named_in(files)) if options.baselines else ()
    beside = [measure(name, answers) for name, answers in given]
    chosen_on = _answers(validation, dataset, configs, "validation", options.partial) if validation else []
    templates = template_scores(read[0], chosen_on, reading=options.reading, resampling=options.resampling)
    other = systems[1] if against else None
    return Report(
        ours=systems[0],
        split=options.split,
        run=files[0].run,
        version=dataset.version,
        contents={name: dataset.cells[name].content for name in configs if name in dataset.cells},
        baselines=beside,
        other=other,
        differences=compare_systems(systems[0], other) if other else {},
        notes=[*notes, *caveats.sentences],
        caveats=caveats,
        templates=templates,
    )


def _answers(path: Path, dataset: Dataset, configs: Sequence[str], split: str, partial: bool) -> list[CellAnswers]:
    """Return what a file answers to a split of some cells, those that it answers."""
    file, read = read_predictions(path), []
    for config in configs:
        examples = read_examples(dataset, config, split)
        check_predictions(examples, file.rows, config, partial)
        asked = [example for example in examples if example.id in file.rows]
        said = [RawAnswer(file.rows[e.id].text, file.rows[e.id].finish_reason) for e in asked]
        read.append(read_answers(dataset.cell(config), asked, said))
    return read


def _named_in(files: Sequence[Predictions]) -> set[str]:
    """Return the baselines that the files themselves are of, which need no second row."""
    return {file.run.model.removeprefix(MODEL) for file in files if file.run.model.startswith(MODEL)}


def name_of(file: Predictions) -> str:
    """Return what a system is called in tables: the model, its adapter, and the number of shots, where it has them."""
    adapter, shots = file.run.settings.get("adapter"), file.run.settings.get("shots")
    name = f"{file.run.model} + {adapter}" if adapter else file.run.model
    return f"{name}, {shots['count']}-shot" if shots else name


def _shared_configs(files: Sequence[Predictions], dataset: Dataset) -> tuple[list[str], list[str]]:
    """Return the cells that all files answer, in catalogue order, and a note on those that only some do."""
    each = [{row.config for row in file.rows.values()} for file in files]
    shared, some = set.intersection(*each), set.union(*each)
    if not shared:
        raise UsageError("predictions: no cell that all files answer; want one; predict the same --config for each")
    notes = [f"{config}: answered by only one of the two, not scored" for config in sorted(some - shared)]
    return dataset.in_order(name for name in shared if dataset.known(name)), notes


def _rows_of(kind: str, system: SystemScore, config: str) -> list[Row]:
    cell = system.cells.get(config)
    if config == TOTALS or config in system.averages:
        spanning = system.totals if config == TOTALS else system.averages[config]
        return [_row(kind, system, figure) for figure in spanning.values()]
    return [_row(kind, system, figure, cell) for figure in cell.figures.values()] if cell else []


def _row(kind: str, system: SystemScore, figure: Measured, cell: CellScore | None = None) -> Row:
    found = figure.interval
    shares = {f"parsed_{reading}": share for reading, share in cell.parsed.items()} if cell else {}
    return Row(
        kind=kind,
        system=system.name,
        config=figure.config,
        metric=figure.metric,
        value=found.value,
        low=found.low,
        high=found.high,
        n=figure.n,
        users=found.clusters,
        signature=figure.signature,
        **shares,
    )
