"""The stand-in takes eval.yaml as the Hub does: a benchmark that is none is refused at the push, in words."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hubserver.stage import REPO, Stage
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError

pytest_plugins = ("hubserver.plugin",)

TASK = {
    "id": "nir-yelp",
    "config": "nir-yelp",
    "split": "test",
    "field_spec": {"input": "input", "target": "output"},
    "solvers": [{"name": "generate"}],
    "scorers": [{"name": "exact"}],
}
GOOD = {"name": "Choices", "description": "Which of five.", "evaluation_framework": "inspect-ai", "tasks": [TASK]}


def commit(stage: Stage, document: object) -> str:
    made = CommitOperationAdd("eval.yaml", yaml.safe_dump(document).encode())
    return stage.api.create_commit(REPO, [made], commit_message="A benchmark", repo_type="dataset").oid


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"evaluation_framework": "mine"}, "evaluation_framework 'mine' is none of"),
        ({"tasks": []}, "no tasks"),
        ({"name": None}, "name is no text"),
        ({"tasks": [{**TASK, "field_spec": {"input": "input"}}]}, "field_spec names no input and target"),
        ({"tasks": [{**TASK, "scorers": [{"name": "ndcg"}]}]}, "no scorer 'ndcg'"),
        ({"tasks": [TASK, TASK]}, "a task without an id of its own"),
    ],
)
def test_a_benchmark_that_is_none_is_refused(released: Stage, change: dict[str, Any], said: str) -> None:
    before = released.commits()
    with pytest.raises(HfHubHTTPError, match=said):
        commit(released, GOOD | change)
    assert released.commits() == before
    assert commit(released, GOOD)
