"""The record of what was asked of which model, kept with predictions and adapters, and the comparison of two records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

LIBRARIES = ("torch", "transformers", "tokenizers", "peft")


def tokenizer_facts(tokenizer: Any) -> dict[str, str]:
    """Return the form of the prompts, chat or plain, hashes of tokenizer and chat template, and the pinned date."""
    template = tokenizer.chat_template
    facts = {"form": "chat" if template else "plain", "tokenizer": _short_hash(_tokenizer(tokenizer))}
    facts |= {"template": _short_hash(template)} if template else {}
    pinned = getattr(tokenizer, "prompt_date", None)
    return facts | ({"prompt_date": pinned} if template and pinned else {})


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide an answer."""
    return {name: found for name in LIBRARIES if (found := installed(name))}


def installed(name: str) -> str | None:
    """Return the version of a package; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def differing(have: Mapping[str, Any], want: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (field, value in `have`, value in `want`) where two records differ; a nested field is named with dots."""
    for name in [*have, *(name for name in want if name not in have)]:
        one, two = have.get(name), want.get(name)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            yield from differing(one, two, f"{prefix}{name}.")
        elif one != two:
            yield f"{prefix}{name}", one, two


def _tokenizer(tokenizer: Any) -> Any:
    """Return what decides the tokens of a text: the fast tokenizer's own description, else the vocabulary."""
    fast = getattr(tokenizer, "backend_tokenizer", None)
    described = json.loads(fast.to_str()) if fast is not None and hasattr(fast, "to_str") else tokenizer.get_vocab()
    kept = {name: value for name, value in described.items() if name not in ("truncation", "padding")}
    return [kept, tokenizer.eos_token_id]


def _short_hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
