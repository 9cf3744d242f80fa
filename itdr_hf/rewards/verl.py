"""The rewards as verl asks for them: `reward.custom_reward_function.path=…/verl.py`, `name=compute_score`.

Rows are those of `itdr export --format verl`: `data_source` is "<family>/<config>", `ground_truth` the targets as a JSON
list, and `extra_info` holds the other columns that reading an answer takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from itdr_hf import catalogue
from itdr_hf.errors import UsageError, unknown
from itdr_hf.rewards import contents
from itdr_hf.rewards.formats import readable, written_as_asked

CONTEXT = ("history", "candidates", "target_names", "template")  # columns of `extra_info` besides the prompt


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    *,
    metric: str = "content",
    format_weight: float = 0.0,
    reading: str = "lenient",
    **others: Any,
) -> dict[str, float]:
    """Return the score of one answer and its parts, which verl logs.

    `score` is `content` plus `format_weight` times `written_as_asked`. `metric` names the function of
    `itdr_hf.rewards` that `content` is. Settings come from `reward.custom_reward_function.reward_kwargs`. verl needs a number
    for every row: raises UsageError for a row that the metric does not concern, or one that is not ours.
    """
    row = _columns(data_source, ground_truth, extra_info or {})
    if metric not in contents.__all__:
        raise unknown("reward", metric, contents.__all__)
    [value] = getattr(contents, metric)([solution_str], reading=reading, **row)
    if value is None:
        raise UsageError(f"verl: {metric} does not concern {data_source}; want content, or rows of its task alone")
    [as_asked], [read] = written_as_asked([solution_str], **row), readable([solution_str], **row)
    assert as_asked is not None and read is not None
    return {
        "score": value + format_weight * as_asked,
        "content": value,
        "written_as_asked": as_asked,
        "readable": read,
    }


def _columns(data_source: str, ground_truth: str, extra_info: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the columns of one row as the rewards take them."""
    config = data_source.rpartition("/")[2]
    try:
        targets = json.loads(ground_truth)
    except ValueError as error:
        raise UsageError(
            f"verl: ground_truth of {data_source} is no JSON ({error}); want rows of `itdr export --format verl`"
        ) from error
    named = {"subtask": catalogue.task_of(config), "source": catalogue.source_of(config), "targets": targets}
    context = {name: extra_info[name] for name in CONTEXT if extra_info.get(name) is not None}
    asked = {"input": extra_info.get("input", "")}
    return {name: [value] for name, value in {**named, **context, **asked}.items()}
