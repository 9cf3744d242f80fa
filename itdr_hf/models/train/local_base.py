"""A base in a folder as an export names it: checked before anything is written, and asked as its own files say."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.pretrained import load_config, load_tokenizer
from itdr_hf.models.weights import base_fault


@dataclass(frozen=True, kw_only=True)
class LocalBase:
    """A base in a folder: its absolute path, and its chat template ('' for none, None where it was not looked at).

    `dated` is a template that writes the date of the day; `template` has it pinned, as all prompts here.
    """

    path: str
    template: str | None
    dated: bool = False

    def check(self, chat: bool) -> None:
        """Raise UsageError for prompts through a template that it does not have."""
        if chat and self.template == "":
            raise UsageError(f"{self.path}: has no chat template; want plain prompts, or a base with one; add --plain")


def local_base(name: str) -> LocalBase | None:
    """Return the base in a folder; None for a Hub id. Raises ModelError for one that cannot be loaded.

    Without the extra [train] only its files are checked.
    """
    folder = Path(name)
    if not folder.is_dir():
        return None
    if find_spec("transformers") is None:
        if fault := base_fault(folder):
            raise ModelError(f"{name}: {fault}")
        return LocalBase(path=str(folder.resolve()), template=None)
    load_config(name)
    tokenizer = load_tokenizer(name)
    dated = bool(getattr(tokenizer, "prompt_date", None))
    return LocalBase(path=str(folder.resolve()), template=str(tokenizer.chat_template or ""), dated=dated)
