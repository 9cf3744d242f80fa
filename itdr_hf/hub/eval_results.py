""".eval_results/itdr.yaml of a model: its figures on the tasks of the dataset's eval.yaml, for the Hub's leaderboards.

The Hub takes one number a task (hub-docs, docs/hub/eval-results.md); interval, chance and how answers were read go into
`notes`. The number is that of `itdr score`, and the notes state it: the benchmark's own scorer asks for the exact title.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itdr_hf import catalogue
from itdr_hf.errors import UsageError

EVAL_RESULTS = ".eval_results/itdr.yaml"
METRIC = "H@1"  # of a choice


def eval_results_text(scores: Mapping[str, Any], dataset_id: str) -> str:
    """Return the file; '' for scores without a choice cell of the test split. `scores` is the JSON of `itdr score`."""
    import yaml

    if scores.get("split", "test") != "test":
        return ""
    figures = [row for row in scores["figures"] if row["metric"] == METRIC and _is_choice(row["config"])]
    ours = [row for row in figures if row["kind"] == "ours" and row["value"] is not None]
    chance = {row["config"]: row["value"] for row in figures if row["kind"] == "baseline" and row["system"] == "random"}
    results = [_result(row, chance.get(row["config"]), scores, dataset_id) for row in ours]
    return str(yaml.safe_dump(results, sort_keys=False, allow_unicode=True, width=1000)) if results else ""


def _result(row: Mapping[str, Any], chance: float | None, scores: Mapping[str, Any], dataset_id: str) -> dict[str, Any]:
    said = [
        f"{METRIC} by itdr score, read {scores.get('reading', 'leniently')}, not the exact title",
        f"95 % interval {row['low']:.3f} to {row['high']:.3f} over {row['n']:,} examples of {row['users']:,} users",
    ]
    said += [f"chance {chance:.3f}"] if chance is not None else []
    revision = f"v{scores['dataset']['version']}"
    return {
        "dataset": {"id": dataset_id, "task_id": row["config"], "revision": revision},
        "value": row["value"],
        "source": {"url": f"https://huggingface.co/datasets/{dataset_id}/tree/{revision}", "name": "itdr score"},
        "notes": "; ".join(said),
    }


def _is_choice(config: str) -> bool:
    try:
        return catalogue.task(catalogue.task_of(config)).answer == "choice"
    except UsageError:  # the total of several cells
        return False
