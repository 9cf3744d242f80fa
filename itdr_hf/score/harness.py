"""The cells as tasks of lm-evaluation-harness: `lm_eval --include_path tasks --tasks itdr_tkr-movielens32m`.

A task is a YAML file and one `utils.py` for all, both calling this module, so that prompts, parsers and metrics
are those of `itdr predict` and `itdr score`; the environment of lm_eval needs itdr-hf installed. Means and
pooled figures agree with `itdr score`; intervals are the harness's own, over examples.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import most_tokens
from itdr_hf.models.predict.shots import TEXTS, shot_pools, too_few
from itdr_hf.prompts import to_messages, to_prompt_completion
from itdr_hf.records import INSTRUCTION, Example
from itdr_hf.runtime.files import new_files
from itdr_hf.score.harness_model import HarnessModel
from itdr_hf.score.parsed import CellAnswers, RawAnswer, read_answers
from itdr_hf.score.rules import samples
from itdr_hf.tasks.task import Cell

UTILS = """from pathlib import Path

from itdr_hf.score.harness import aggregate, chat_prompt, plain_prompt, results, target  # noqa: F401
"""
LOAD = """

def load(config, **others):
    from datasets import load_dataset

    return load_dataset(str((Path(__file__).parent / {folder!r}).resolve()), config)
"""
PACKED = ("BLEU-1", "BLEU-2", "RMSE")  # figures that are no mean over examples
TASK_VERSION = 3


def write_tasks(
    folder: Dataset | Path,
    out: Path,
    configs: Iterable[str] | None = None,
    *,
    dataset: str | None = None,
    plain: bool = False,
    shots: int = 0,
    seed: int = 0,
) -> list[str]:
    """Write a task per cell and the group `itdr`; gives the tasks' names.

    The tasks load `dataset`, a Hub id with @revision or else the tag of the folder's version, or the folder, which they
    find from where they are themselves. `plain` is for models asked without
    --apply_chat_template: the prompt then ends in the line break that training puts there. With `shots` each task holds
    that many solved examples, those that `itdr predict --shots` puts before a question with this seed. Raises UsageError
    where no shot is of nobody who is asked about.
    """
    here = opened(folder)
    names, texts = [], {}
    for config in here.select(configs):
        task = _task(here.cell(config), dataset, f"v{here.version}", plain)
        if shots:
            del task["fewshot_split"]
            task |= {"num_fewshot": shots, "fewshot_config": _fewshot(here, config, shots, seed)}
        texts[f"{task['task']}.yaml"] = "".join(f"{key}: {_yaml(value)}\n" for key, value in task.items())
        names.append(task["task"])
    texts["itdr.yaml"] = f"group: itdr\ntask: {_yaml(names)}\n"
    texts["utils.py"] = UTILS
    if dataset is None:
        texts["utils.py"] += LOAD.format(folder=os.path.relpath(here.folder, out))
    with new_files(out) as draft:
        for name, text in texts.items():
            (draft / name).write_text(text, encoding="utf-8")
    return names


def _fewshot(dataset: Dataset, config: str, shots: int, seed: int) -> dict[str, Any]:
    """Return the shots of a task: the same for all its questions, so of nobody and in no wording but theirs."""
    asked = list(dataset.rows(config, "test", ("user", "template")))
    wordings = sorted({row["template"] for row in asked})
    if len(wordings) > 1:
        raise UsageError(f"{config}: shots for {len(wordings)} wordings; want one; build it with one --template")
    wording = wordings[0] if wordings else ""
    found = shot_pools(dataset, config, shots, seed, without={row["user"] for row in asked}).get(wording, [])
    if len(found) < shots:
        raise too_few(config, wording, len(found), shots)
    return {"sampler": "first_n", "samples": [{name: row[name] for name in TEXTS} for row in found]}


def next_command(out: Path, *, plain: bool = False, shots: int = 0, model: HarnessModel | None = None) -> str:
    """Return the command that asks a model all the tasks of a folder."""
    words = ["lm_eval", "--model", "hf", "--model_args", model.arguments if model else "pretrained=MODEL"]
    words += ["--gen_kwargs", model.generation] if model and model.generation else []
    words += ["--include_path", str(out), "--tasks", "itdr"]
    words += [] if plain else ["--apply_chat_template", *(["--fewshot_as_multiturn"] if shots else [])]
    return shlex.join(words)


def chat_prompt(doc: Mapping[str, Any]) -> str:
    """Return the user's turn."""
    return to_messages(doc)["messages"][0]["content"]


def plain_prompt(doc: Mapping[str, Any]) -> str:
    """Return the prompt of a model without a chat template."""
    return to_prompt_completion(doc)["prompt"]


def target(doc: Mapping[str, Any]) -> str:
    """Return what a model should answer."""
    return str(doc["output"])


def results(doc: Mapping[str, Any], answers: Sequence[str]) -> dict[str, Any]:
    """Return one example's part in every metric of its cell, and whether its answer parses."""
    cell = _read(doc, answers[0])
    made: dict[str, Any] = {}
    for metric, sample in samples(cell, "lenient").items():
        packed = metric.startswith(PACKED)
        made[metric] = (metric.partition("(")[0], *sample.rows[0].tolist()) if packed else sample.value
    return made | {f"parsed_{reading}": cell.parsed(reading) for reading in cell.read}


def results_with(ranges: Mapping[str, Any]) -> Callable[..., dict[str, Any]]:
    """Return `results`, whatever the ranges: task folders of version 1 call this."""
    return results


def aggregate(items: Sequence[tuple[Any, ...]]) -> float:
    """Return a pooled figure (RMSE, corpus BLEU) from what `results` made of the examples."""
    import numpy as np

    from itdr_hf.metrics.rating import rmse_sample
    from itdr_hf.metrics.text import bleu_samples

    family = items[0][0]
    estimate = (rmse_sample([], []) if family == "RMSE" else bleu_samples([], [])[family]).estimate
    return float(estimate(np.array([item[1:] for item in items], dtype=np.float64).sum(axis=0)))


def _read(doc: Mapping[str, Any], text: str) -> CellAnswers:
    example = Example(**{name: doc[name] for name in INSTRUCTION})
    cell = catalogue.cell(f"{example.subtask}-{example.source}")
    return read_answers(cell, [example], [RawAnswer(text, "stop")])


def _task(cell: Cell, dataset: str | None, tag: str, plain: bool) -> dict[str, Any]:
    most = most_tokens(cell.task.id, None)
    return {
        "task": f"itdr_{cell.name}",
        **_place(cell.name, dataset, tag),
        "test_split": "test",
        "fewshot_split": "train",  # no user of train is in test, so a shot is never of the user who is asked about
        "output_type": "generate_until",
        "doc_to_text": _Function(f"utils.{'plain' if plain else 'chat'}_prompt"),
        "doc_to_target": _Function("utils.target"),
        "target_delimiter": "",  # as in training: the prompt ends in a line break, and the answer follows
        "process_results": _Function("utils.results"),
        "generation_kwargs": {"until": [], "do_sample": False, "temperature": 0.0, "max_gen_toks": most},
        "metric_list": [_metric(name) for name in metric_names(cell)],
        "metadata": {"version": TASK_VERSION},
    }


def _place(config: str, dataset: str | None, tag: str) -> dict[str, Any]:
    """Where the examples of a task are: on the Hub, or in a folder that is named from where the tasks are."""
    if dataset is not None:
        name, _, revision = dataset.partition("@")
        pinned = {"revision": revision or tag}
        return {"dataset_path": name, "dataset_name": config, "dataset_kwargs": pinned}
    return {"custom_dataset": _Function("utils.load"), "dataset_kwargs": {"config": config}}


def metric_names(cell: Cell) -> list[str]:
    """Return the metrics of a cell by their full names, and the shares of answers that parse."""
    listed = list(cell.task.metrics)
    if "ACC" in listed:
        kinds = {a.name: "RMSE" if a.kind == "number" else "ACC" for a in cell.source.user_attributes}
        listed = [f"{metric}({name})" for name, metric in kinds.items()]
    return [*listed, "parsed_strict", "parsed_lenient"]


def _metric(name: str) -> dict[str, Any]:
    pooled = _Function("utils.aggregate") if name.startswith(PACKED) else "mean"
    return {"metric": name, "aggregation": pooled, "higher_is_better": not name.startswith("RMSE")}


class _Function(str):
    """A name that the harness is to import."""


def _yaml(value: Any) -> str:
    """Return a value in YAML's flow style, which is JSON's but for the functions."""
    if isinstance(value, _Function):
        return f"!function {value}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_yaml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
