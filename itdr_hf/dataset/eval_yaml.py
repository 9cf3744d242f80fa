"""eval.yaml of a dataset folder: its choice cells as a benchmark of the Hub, run by `inspect eval hf/<repository>`.

The Hub takes the built-in solvers and scorers of inspect-ai alone (hub-docs, docs/hub/eval-results.md): a choice is right
if it is the title, whatever its case. Rankings, numbers and texts need scorers of their own, which `itdr harness --tool
inspect-ai` writes.
"""

from __future__ import annotations

from typing import Any

from itdr_hf.dataset.folder import Dataset

EVAL_YAML = "eval.yaml"
FRAMEWORK = "inspect-ai"


def eval_text(dataset: Dataset) -> str:
    """Return eval.yaml; '' for a dataset without a choice cell that has a test split."""
    import yaml

    tasks = [_task(dataset, name) for name in dataset.cells if _is_choice(dataset, name)]
    if not tasks:
        return ""
    family = dataset.catalogue.family(dataset.ledger.family)
    document = {
        "name": f"{family.title}: choices",
        "description": "Which of the listed items a user goes for next, by exact title. Chance and intervals: the card.",
        "evaluation_framework": FRAMEWORK,
        "tasks": tasks,
    }
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000))


def _is_choice(dataset: Dataset, name: str) -> bool:
    cell = dataset.cells[name]
    return dataset.known(name) and dataset.cell(name).task.answer == "choice" and bool(cell.counts.get("test"))


def _task(dataset: Dataset, name: str) -> dict[str, Any]:
    """Return a task that asks what `itdr predict` asks: the task description, if the rows have one, and the prompt."""
    described = bool(dataset.cells[name].recipe.get("with_description", True))
    fields = {"input": "input", "target": "output"} | ({"metadata": ["instruction"]} if described else {})
    template = {"name": "prompt_template", "args": {"template": "{instruction}\n{prompt}"}}
    return {
        "id": name,
        "config": name,
        "split": "test",
        "field_spec": fields,
        "solvers": [*([template] if described else []), {"name": "generate"}],
        "scorers": [{"name": "exact"}],
    }
