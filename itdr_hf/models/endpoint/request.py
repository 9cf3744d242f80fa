"""What is asked of an endpoint and what comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from itdr_hf.errors import UsageError
from itdr_hf.prompts import Message

LENGTHS = ("max_tokens", "max_completion_tokens")  # the older and the newer name of one parameter


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request; `key` is its address in the store."""

    endpoint: str
    model: str
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """64 hex digits: sha256 of endpoint, model, messages and parameters as canonical JSON."""
        whole = [self.endpoint, self.model, list(self.messages), dict(self.parameters)]
        text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def most_tokens(self) -> int | None:
        """The longest answer that was allowed; None when none was named."""
        return next((int(self.parameters[name]) for name in LENGTHS if name in self.parameters), None)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back; token counts are None when the endpoint gave none."""

    text: str
    finish: str
    refusal: str = ""  # the endpoint's own word that the model would not answer
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    served_by: str = ""  # the model as the endpoint names it, often with its date
    answered: str = ""  # when, in UTC


def checked_endpoint(url: str) -> str:
    """Return the address in its one spelling. Raises UsageError when it is none or carries a secret."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"endpoint {url!r}: want an address such as https://api.deepseek.com/v1")
    if "@" in parts.netloc or parts.query:
        raise UsageError(
            f"endpoint at {parts.hostname}: holds a password or a query, which would be kept with every answer; "
            "want the bare address; put the key into an environment variable (--key-variable)"
        )
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path.rstrip("/"), fragment="").geturl()
