"""The cells as tasks of inspect-ai: `inspect eval itdr_tasks.py@itdr_nir_movielens32m --model …` (extra [inspect]).

Prompts, readers and metrics are those of `itdr predict` and `itdr score`, and so are the figures on the same answers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import most_tokens
from itdr_hf.prompts import to_messages
from itdr_hf.records import INSTRUCTION
from itdr_hf.runtime.files import write_atomically
from itdr_hf.score.harness import aggregate, metric_names, results
from itdr_hf.tasks.task import Cell

FILE = "itdr_tasks.py"
HEAD = '''"""Cells of a dataset as tasks of inspect-ai, written by `itdr harness --tool inspect-ai`."""

from pathlib import Path

from inspect_ai import Task, task

from itdr_hf.score.inspection import cell_task

PLACE = {place}
'''
TASK = """

@task
def {name}(split: str = "test") -> Task:
    return cell_task(PLACE, {config!r}, split)
"""


def write_inspect_tasks(
    folder: Dataset | Path, out: Path, configs: Iterable[str] | None = None, *, dataset: str | None = None
) -> list[str]:
    """Write a file with a task for each cell; return their names. They load `dataset`, a Hub id, or the folder."""
    here = opened(folder)
    place = f"(Path(__file__).parent / {os.path.relpath(here.folder, out)!r}).resolve()" if dataset is None else ""
    text = HEAD.format(place=place or repr(f"{dataset}" if "@" in str(dataset) else f"{dataset}@v{here.version}"))
    names = []
    for config in here.select(configs):
        names.append(f"itdr_{config.replace('-', '_')}")
        text += TASK.format(name=names[-1], config=config)
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / FILE, text)
    return names


def cell_task(place: str | Path, config: str, split: str = "test") -> Any:
    """Return a cell as a task of inspect-ai; `place` is a dataset folder, or a Hub id with @revision.

    Raises UsageError where inspect-ai is not installed.
    """
    inspect = _inspect()
    cell, rows = _rows(place, config, split)
    samples = [
        inspect.dataset.Sample(
            id=row["id"],
            input=to_messages(row)["messages"][0]["content"],
            target=row["output"],
            metadata={"row": row},
        )
        for row in rows
    ]
    return inspect.Task(
        name=f"itdr_{config}",
        dataset=samples,
        solver=inspect.solver.generate(),
        scorer=_scorer(cell),
        config=inspect.model.GenerateConfig(temperature=0.0, max_tokens=most_tokens(cell.task.id, None)),
    )


def _rows(place: str | Path, config: str, split: str) -> tuple[Cell, list[Mapping[str, Any]]]:
    if isinstance(place, Path) or Path(place).is_dir():
        dataset = Dataset.open(Path(place))
        return dataset.cell(config), list(dataset.rows(config, split, INSTRUCTION.names))
    from importlib import import_module

    from itdr_hf import catalogue

    name, _, revision = place.partition("@")
    loaded = import_module("datasets").load_dataset(name, config, split=split, revision=revision or None)
    return catalogue.cell(config), [dict(row) for row in loaded]


def _scorer(cell: Cell) -> Any:
    """Return a scorer that gives a value for each metric of a cell, and keeps the parts of pooled ones as metadata."""
    inspect = _inspect()
    metrics = {name: [_figure(name)] for name in metric_names(cell)}

    @inspect.scorer.scorer(metrics=metrics, name="itdr")  # type: ignore[untyped-decorator]
    def itdr() -> Any:
        async def score(state: Any, target: Any) -> Any:
            parts = results(state.metadata["row"], [state.output.completion])
            values = {name: _plain(parts[name]) for name in metrics}
            pooled = {name: list(part) for name, part in parts.items() if isinstance(part, tuple)}
            return inspect.scorer.Score(value=values, answer=state.output.completion, metadata={"pooled": pooled})

        return score

    return itdr()


def _figure(name: str) -> Any:
    """Return the metric that makes one figure of the scores of all samples."""
    inspect = _inspect()

    @inspect.scorer.metric(name="figure")  # type: ignore[untyped-decorator]
    def figure() -> Any:
        def measured(scores: list[Any]) -> float:
            pooled = [
                tuple(one.score.metadata["pooled"][name]) for one in scores if name in one.score.metadata["pooled"]
            ]
            return aggregate(pooled) if pooled else sum(one.score.as_float() for one in scores) / len(scores)

        return measured

    return figure()


def _plain(part: Any) -> float:
    """Return the value of one sample: of a pooled figure 0, which the metric does not look at."""
    if isinstance(part, tuple):
        return 0.0
    return float(part) if math.isfinite(part) else math.nan


def _inspect() -> Any:
    try:
        import inspect_ai
        import inspect_ai.dataset
        import inspect_ai.model
        import inspect_ai.scorer
        import inspect_ai.solver
    except ModuleNotFoundError as error:
        raise UsageError("inspect-ai is not installed; want it: pip install 'itdr-hf[inspect,eval]'") from error
    return inspect_ai
