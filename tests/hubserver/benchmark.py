"""What the Hub wants of eval.yaml in the root of a dataset, which makes it a benchmark; checked when it is pushed.

https://huggingface.co/docs/hub/eval-results; of the frameworks only those that the document names are known here.
"""

from __future__ import annotations

from typing import Any

from hubserver.storage import Refused

EVAL_YAML = "eval.yaml"
FRAMEWORKS = ("inspect-ai", "mteb", "nemo-evaluator", "swe-bench")
SCORERS = (
    "match",
    "includes",
    "pattern",
    "exact",
    "f1",
    "answer",
    "choice",
    "math",
    "model_graded_qa",
    "model_graded_fact",
)


def check(content: bytes) -> None:
    """Refuse a benchmark that the Hub would not take."""
    import yaml

    try:
        problems = list(_problems(yaml.safe_load(content)))
    except yaml.YAMLError as error:
        problems = [str(error)]
    if problems:
        raise Refused(400, f"Invalid {EVAL_YAML}: {'; '.join(problems)}")


def _problems(document: Any) -> list[str]:
    if not isinstance(document, dict):
        return ["not a mapping"]
    problems = [f"{key} is no text" for key in ("name", "description") if not isinstance(document.get(key), str)]
    if document.get("evaluation_framework") not in FRAMEWORKS:
        problems.append(f"evaluation_framework {document.get('evaluation_framework')!r} is none of {FRAMEWORKS}")
    tasks = document.get("tasks")
    if not isinstance(tasks, list) or not tasks:
        return [*problems, "no tasks"]
    names = [task.get("id") for task in tasks if isinstance(task, dict)]
    if len(set(names)) < len(tasks):
        problems.append("a task without an id of its own")
    inspected = document.get("evaluation_framework") == "inspect-ai"
    return problems + [
        problem for task in tasks if isinstance(task, dict) for problem in _task_problems(task, inspected)
    ]


def _task_problems(task: dict[str, Any], inspected: bool) -> list[str]:
    name = task.get("id")
    problems = [f"{name}: {key} is no text" for key in ("id", "config", "split") if not isinstance(task.get(key), str)]
    if not inspected:
        return problems
    spec = task.get("field_spec")
    if not isinstance(spec, dict) or not {"input", "target"} <= spec.keys():
        problems.append(f"{name}: field_spec names no input and target")
    for key in ("solvers", "scorers"):
        steps = task.get(key)
        if not isinstance(steps, list) or not all(
            isinstance(step, dict) and isinstance(step.get("name"), str) for step in steps
        ):
            problems.append(f"{name}: {key} is no list of names")
    scorers = task.get("scorers") if isinstance(task.get("scorers"), list) else []
    problems += [f"{name}: no scorer {one.get('name')!r}" for one in scorers or [] if one.get("name") not in SCORERS]
    return problems
