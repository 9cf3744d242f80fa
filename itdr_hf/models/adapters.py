"""Open adapters of peft: a folder or a Hub id, resolved to one commit, checked, and put onto a base.

https://huggingface.co/docs/peft/developer_guides/checkpoint
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.errors import ModelError
from itdr_hf.models.pretrained import attempt, extra, revision_of
from itdr_hf.models.weights import adapter_fault, tensor_names

SUFFIXES = (".json", ".safetensors", ".md", ".jinja", ".model", ".txt")  # of the files of an adapter and its tokenizer
TOKENIZERS = ("tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True, kw_only=True)
class OpenedAdapter:
    """An adapter as a folder on this machine.

    name: its Hub id, or the last part of its folder. revision: the commit of a Hub id, else `content`, the hash of its
    weights and configs. recipe: its recipe.json, empty if it has none.
    """

    name: str
    folder: Path
    revision: str
    content: str
    recipe: Mapping[str, Any]

    @property
    def form(self) -> str:
        """Return the form of the prompts it was tuned on, chat or plain; '' if unknown."""
        return str(self.told("prompt").get("form", ""))

    @property
    def shape_fault(self) -> str:
        """Return how rank and alpha, by which its weights count, are not those of its recipe; '' if they are."""
        recipe = self.told("recipe")
        held = json.loads((self.folder / "adapter_config.json").read_text(encoding="utf-8"))
        both = {name: (held.get(field), recipe.get(name)) for name, field in (("rank", "r"), ("alpha", "lora_alpha"))}
        odd = [f"{name} {one} in adapter_config.json, {two} in recipe.json" for name, (one, two) in both.items()
               if two is not None and one != two]  # fmt: skip
        return "; ".join(odd)

    def told(self, part: str) -> Mapping[str, Any]:
        """Return a part of its recipe.json; nothing where there is none of ours."""
        found = self.recipe.get(part)
        return found if isinstance(found, Mapping) else {}

    @property
    def has_tokenizer(self) -> bool:
        """Return whether it comes with a tokenizer."""
        return any((self.folder / name).is_file() for name in TOKENIZERS)


def other_base(adapter: OpenedAdapter, name: str, revision: str) -> str:
    """Return what differs if an adapter was tuned on another base than this; '' if not, or if it is not known.

    A commit and the hash of a folder say nothing of each other.
    """
    known = adapter.told("model")
    tuned = str(known.get("revision") or "")
    if not (tuned and revision) or len(tuned) != len(revision) or tuned == revision:
        return ""
    return f"{adapter.name}: was tuned on {known.get('id')} {tuned[:12]}, and this base is {name} {revision[:12]}"


def open_adapter(name: str, *, revision: str | None = None) -> OpenedAdapter:
    """Return an adapter, downloaded if it is on the Hub; `name` may end in @revision. Raises ModelError."""
    if not Path(name).is_dir() and "@" in name:
        name, _, revision = name.partition("@")
    local = Path(name).is_dir()
    folder = Path(name) if local else _download(name, revision)
    if fault := adapter_fault(folder):
        raise ModelError(f"{name}: {fault}")
    content = revision_of(str(folder), None)
    return OpenedAdapter(
        name=folder.resolve().name if local else name,
        folder=folder,
        revision=content if local else folder.name,
        content=content,
        recipe=_recipe(name, folder / "recipe.json"),
    )


def put_on(model: Any, adapter: OpenedAdapter, *, trainable: bool = False) -> Any:
    """Return the base with an adapter on it. Raises ModelError unless all of its weights, and only they, are used."""
    peft = extra("peft")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of missing weights, which are an error below
        tuned = attempt(
            adapter.name,
            lambda: peft.PeftModel.from_pretrained(model, str(adapter.folder), is_trainable=trainable),
            wanted="want an adapter of this base; check --model, or tune one for it",
        )
    held = set(tensor_names(adapter.folder / "adapter_model.safetensors"))
    wanted = set(peft.get_peft_model_state_dict(tuned, save_embedding_layers=False))
    for names, what in ((wanted - held, "is not among its weights"), (held - wanted, "has no place in this base")):
        if names := {name for name in names if "lora_" in name}:
            raise ModelError(
                f"{adapter.name}: {min(names)} {what} ({len(names)} such); want an adapter of this base; "
                "check --model, or tune one for it"
            )
    return tuned


def _download(name: str, revision: str | None) -> Path:
    """Return the snapshot of an adapter on the Hub, whose folder is named after its commit."""
    from huggingface_hub import snapshot_download

    patterns = [f"*{suffix}" for suffix in SUFFIXES]
    wanted = "want a folder, or the Hub id of an adapter; check the name and --adapter-revision"
    return Path(
        attempt(name, lambda: snapshot_download(name, revision=revision, allow_patterns=patterns), wanted=wanted)
    )


def _recipe(name: str, path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    wanted = "want what `itdr train` wrote; copy the adapter again, or remove the file"
    found = attempt(f"{name}: {path.name}", lambda: json.loads(path.read_text(encoding="utf-8")), wanted=wanted)
    return found if isinstance(found, dict) else {}
