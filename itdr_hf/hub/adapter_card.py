"""The card of an adapter: its training data and recipe, its scores next to baselines, and how to load it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.catalogue import current
from itdr_hf.dataset.card import render_card
from itdr_hf.dataset.card_yaml import own_licence
from itdr_hf.errors import HubError
from itdr_hf.models.train.recipe import TrainRecipe

if TYPE_CHECKING:
    from itdr_hf.hub.adapter_folder import Adapter

BASELINES = ("random", "template-copy", "mean", "majority", "popular", "copy")  # shown next to the scores, if available


def adapter_card(
    adapter: Adapter, repo_id: str, *, dataset_id: str, scores: Mapping[str, Any] | None, version: str, licence: str
) -> str:
    """Return the README.md of an adapter; `scores` as in scores.json. Raises HubError for a slot that cannot be filled."""
    import yaml

    facts = _facts(adapter)
    dataset, tag = facts["dataset"], f"v{facts['dataset']['version']}"
    results = model_index(repo_id, scores, dataset_id) if scores else None
    recipe = TrainRecipe(**{**facts["recipe"], "configs": tuple(facts["recipe"]["configs"])})
    head = yaml.safe_dump(
        _metadata(adapter, recipe, repo_id, dataset_id, licence, results),
        sort_keys=False,
        allow_unicode=True,
        width=1000,
    )
    slots = {
        "repo_id": repo_id,
        "name": repo_id.rpartition("/")[2],
        "version": version,
        "base": adapter.base,
        "base_revision": facts["model"]["revision"] or "main",
        "base_on_hub": facts["model"]["on_hub"],
        "dataset_id": dataset_id,
        "tag": tag,
        "content": dataset["content"],
        "simulated": dataset["simulated"],
        "cells": _cells(facts),
        "recipe": recipe.summary,
        "stage": recipe.stage,
        "begun": facts.get("begun", {}),
        "data": facts["data"]["train"],
        "prompt": facts["prompt"],
        "results": facts["results"],
        "packages": facts["packages"],
        "machine": facts["machine"],
        "rank": adapter.rank,
        "warnings": adapter.warnings,
        "scored": _scored(scores) if scores else {},
        "sources": _sources(facts),
    }
    if empty := [name for name, value in slots.items() if value is None or value == ""]:
        raise HubError(
            f"{adapter.folder}: no value for {', '.join(empty)} of the card; want it in recipe.json; train again"
        )
    return f"---\n{head}---\n\n{render_card('adapter.md.j2', **slots)}"


def model_index(repo_id: str, scores: Mapping[str, Any], dataset_id: str) -> list[dict[str, Any]]:
    """Return the `model-index` of the computed scores, by config, with interval, number of examples and signature."""
    results: dict[str, dict[str, Any]] = {}
    tag = f"v{scores['dataset']['version']}"
    for row in _ours(scores):
        known = {"type": dataset_id, "name": f"ITDR {row['config']}", "split": scores["split"], "revision": tag}
        known |= {"config": row["config"]} if row["config"] in scores["cells"] else {}
        cell = scores["cells"].get(row["config"], {})
        task = {"type": "text-generation", "name": cell.get("task", "ITDR")}
        result = results.setdefault(row["config"], {"task": task, "dataset": known, "metrics": []})
        args = {name: row[name] for name in ("low", "high", "n", "signature")}
        result["metrics"].append({"type": row["metric"], "name": row["metric"], "value": row["value"], "args": args})
    return [{"name": repo_id.rpartition("/")[2], "results": list(results.values())}]


def _facts(adapter: Adapter) -> Mapping[str, Any]:
    wanted = ("recipe", "dataset", "data", "prompt", "model", "packages", "machine", "results")
    if missing := [name for name in wanted if name not in adapter.recipe]:
        raise HubError(
            f"{adapter.folder}/recipe.json: no {', '.join(missing)}; want all fields that `itdr train` writes; train again"
        )
    return adapter.recipe


def _metadata(
    adapter: Adapter,
    recipe: TrainRecipe,
    repo_id: str,
    dataset_id: str,
    licence: str,
    results: list[dict[str, Any]] | None,
) -> dict[str, Any]:
    return {
        "base_model": adapter.base,
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": "text-classification" if recipe.stage == "reward" else "text-generation",
        "language": ["en"],
        **(own_licence(repo_id) if licence == "other" else {"license": licence}),
        "datasets": [dataset_id],
        "tags": ["itdr", "lora", _kind(recipe), "trl", "recommendation"],
        **({"model-index": results} if results else {}),
    }


def _kind(recipe: TrainRecipe) -> str:
    return {"sft": "sft", "reward": "reward-model", "refine": recipe.method}[recipe.stage]


def _cells(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    seen = facts["data"]["train"]["cells"]
    return [
        {"name": name, "examples": seen.get(name, 0), "content": cell["content"][:12]}
        for name, cell in facts["dataset"]["cells"].items()
    ]


def _sources(facts: Mapping[str, Any]) -> list[Any]:
    cells = [current().cell(name) for name in facts["dataset"]["cells"]]
    return list({cell.source.id: cell.source for cell in cells}.values())


def _scored(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of the card: scores next to baselines, and the shares of answers that parse."""
    return {
        "system": scores["system"],
        "split": scores["split"],
        "reading": scores["reading"],
        "notes": scores["notes"],
        "rows": [{**_shown(row), "beside": _beside(row, scores)} for row in _ours(scores)],
        "cells": [
            {"name": name, "n": cell["n"], **{kind: _share(cell["parsed"][kind]) for kind in ("lenient", "strict")}}
            for name, cell in scores["cells"].items()
        ],
        "signatures": sorted({row["signature"] for row in _ours(scores)}),
    }


def _ours(scores: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = scores["figures"]
    return [row for row in rows if row["kind"] == "ours" and row["value"] is not None]


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: _number(row[name]) for name in ("value", "low", "high")}
    return {"config": row["config"], "metric": row["metric"], "n": f"{row['n']:,}", **texts}


def _beside(row: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """Return the scores of baselines on the same examples, and of another system if given: 'random 0.500, popular 0.612'."""
    same = [
        r
        for r in scores["figures"]
        if (r["config"], r["metric"]) == (row["config"], row["metric"]) and r["value"] is not None
    ]
    found = [r for name in BASELINES for r in same if r["kind"] == "baseline" and r["system"] == name]
    found += [r for r in same if r["kind"] == "other"]
    return ", ".join(f"{r['system']} {_number(r['value'])}" for r in found) or "–"


def _number(value: float | None) -> str:
    return f"{value:.3f}" if value is not None and math.isfinite(value) else "–"


def _share(value: float | None) -> str:
    return f"{100 * value:.1f} %" if value is not None else "–"
