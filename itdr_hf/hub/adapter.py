"""Publish an adapter: check the folder, write its card, and push one verified, tagged commit.

https://huggingface.co/docs/peft/developer_guides/checkpoint · https://docs.vllm.ai/en/latest/features/lora.html
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import HubError
from itdr_hf.hub.adapter_card import adapter_card
from itdr_hf.hub.adapter_folder import HUB_ID, Adapter, _json, check_adapter
from itdr_hf.hub.eval_results import EVAL_RESULTS, eval_results_text
from itdr_hf.hub.push import Release, push_folder
from itdr_hf.models.pretrained import revision_of
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.progress import OnProgress, ignore
from itdr_hf.runtime.retry import RetryPolicy

PROMPT = ("form", "tokenizer", "template")  # of the record that answers and adapters share

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def push_adapter(
    api: HfApi,
    folder: Path,
    repo_id: str,
    *,
    dataset_id: str,
    scores: Path | None = None,
    version: str = "1.0.0",
    licence: str = "other",
    private: bool = True,
    create_pr: bool = False,
    force: bool = False,
    progress: OnProgress = ignore,
    retry: RetryPolicy | None = None,
) -> Release:
    """Check an adapter, write its card, and publish it as v<version>; `scores` is the JSON of `itdr score`.

    Raises HubError, before anything is sent, if the adapter or its card is not fit to be published.
    """
    write_card(folder, repo_id, dataset_id=dataset_id, scores=scores, version=version, licence=licence)
    return push_folder(
        api,
        folder,
        repo_id,
        repo_type="model",
        private=private,
        create_pr=create_pr,
        force=force,
        version=version,
        progress=progress,
        retry=retry,
    )


def write_card(
    folder: Path, repo_id: str, *, dataset_id: str, scores: Path | None, version: str, licence: str = "other"
) -> Adapter:
    """Check an adapter and write its README.md and .eval_results, without sending anything. Raises HubError."""
    if not HUB_ID.fullmatch(dataset_id):
        raise HubError(
            f"dataset {dataset_id!r}: not a Hub id; want org/name of the dataset it was tuned on; give --dataset-id"
        )
    adapter = check_adapter(folder)
    found = _scores(scores, adapter) if scores else None
    text = adapter_card(adapter, repo_id, dataset_id=dataset_id, scores=found, version=version, licence=licence)
    _check_card(text, folder)
    write_atomically(folder / "README.md", text)
    _write_results(folder / EVAL_RESULTS, eval_results_text(found, dataset_id) if found else "")
    return adapter


def _write_results(path: Path, text: str) -> None:
    """Write the figures for the Hub's leaderboards, or remove those of other scores."""
    if text:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, text)
    else:
        path.unlink(missing_ok=True)


def _scores(path: Path, adapter: Adapter) -> Mapping[str, Any]:
    """Read scores and check that they are of this adapter, on the dataset it was tuned on. Raises HubError."""
    found = _json(path)
    if missing := [name for name in ("run", "dataset", "figures", "cells") if name not in found]:
        raise HubError(f"{path}: no {', '.join(missing)}; want scores.json of `itdr score --out`; score again")
    settings = found["run"]["settings"]
    served = "at" in settings  # an adapter loaded by a server is known by name only
    have = settings.get("adapter_content") or settings.get("adapter_revision", "none")
    want = revision_of(str(adapter.folder), None)
    if not served and have != want:
        raise HubError(
            f"{path}: of {found['system']}, adapter {have}; want scores of this adapter, {want}; "
            f"predict with --adapter {adapter.folder} and score that"
        )
    if not served and (other := _asked_otherwise(found["run"], adapter.recipe)):
        raise HubError(
            f"{path}: of another {other}; want scores of the adapter as it was tuned; predict again, and score that"
        )
    known = adapter.recipe.get("dataset", {}).get("cells", {})
    for name, content in found["dataset"]["cells"].items():
        if name in known and known[name]["content"] != content:
            raise HubError(
                f"{path}: {name} has content {content[:12]}…; want {known[name]['content'][:12]}…, which the adapter "
                "was tuned on; predict and score on that build"
            )
    return found


def _asked_otherwise(run: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Return what differs between the run that was scored and the one that tuned the adapter: base, tokenizer, template."""
    settings, prompt, base = run["settings"], recipe.get("prompt", {}), recipe.get("model", {}).get("revision", "")
    have = {"base": run.get("revision", ""), **{name: settings.get(name) for name in PROMPT}}
    want = {"base": base, **{name: prompt.get(name) for name in PROMPT}}
    if len(have["base"] or "") != len(base):  # a commit and the hash of a folder say nothing of each other
        have["base"] = None
    known = [name for name in have if have[name] and want[name]]
    return ", ".join(f"{name} {have[name]} (tuned on {want[name]})" for name in known if have[name] != want[name])


def _check_card(text: str, folder: Path) -> None:
    """Check that huggingface_hub can read the card, including its model-index, and that no slot is unfilled."""
    from huggingface_hub import ModelCard

    if "{{" in text or "[More Information Needed]" in text:
        raise HubError(f"{folder}: a slot of the card is unfilled; want all of them filled; check its recipe.json")
    try:
        data = ModelCard(text, ignore_metadata_errors=False).data
    except (ValueError, KeyError, TypeError) as error:
        raise HubError(f"{folder}: its card is not readable ({error}); want valid YAML and model-index") from error
    if not data.get("base_model") or not data.get("datasets"):
        raise HubError(f"{folder}: its card names no base_model or datasets; want both")
