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
from itdr_hf.models.endpoint.logprobs import TokenScore
from itdr_hf.models.endpoint.parameters import LENGTHS
from itdr_hf.prompts import Message


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request, for a chat's next turn or for the end of a text; `key` is its address in the store."""

    endpoint: str
    model: str
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any]
    prompt: str = ""  # a text to go on with, in place of messages

    @cached_property
    def key(self) -> str:
        """64 hex digits: sha256 of endpoint, model, messages and parameters as canonical JSON."""
        whole: list[Any] = [self.endpoint, self.model, list(self.messages), dict(self.parameters)]
        whole += [self.prompt] if self.prompt else []
        text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    @property
    def most_tokens(self) -> int | None:
        """The longest answer that was allowed; None when none was named."""
        return next((int(self.parameters[name]) for name in LENGTHS if name in self.parameters), None)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back, as `reply.checked_reply` makes it; token counts are None when the endpoint gave none."""

    text: str
    finish: str
    refusal: str = ""  # the endpoint's own word that the model would not answer
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    served_by: str = ""  # the model as the endpoint names it, often with its date
    answered: str = ""  # when, in UTC
    adapted: str = ""  # how the parameters were changed because the server did not take them
    scores: tuple[TokenScore, ...] = ()  # of the tokens of the text, where they were asked for; never stored
    prompt_scores: tuple[TokenScore, ...] = ()  # likewise of the prompt


def checked_endpoint(url: str, *, secrets: bool = False) -> str:
    """Return the address in its one spelling, without a secret unless `secrets`. Raises UsageError."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half a bracket
        fits = False
    if not fits or not url.isprintable() or " " in url:
        raise UsageError(f"endpoint {_without_secret(url)!r}: want an address such as https://api.deepseek.com/v1")
    if not secrets and ("@" in parts.netloc or parts.query):
        raise UsageError(
            f"endpoint at {parts.hostname}: holds a password or a query, which would be kept with every answer; "
            "want the bare address; put the key into an environment variable (--key-variable)"
        )
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user}{at}{host.lower()}"
    return parts._replace(netloc=netloc, path=parts.path.rstrip("/"), fragment="").geturl()


def _without_secret(url: str) -> str:
    return url.rpartition("@")[2].partition("?")[0]
