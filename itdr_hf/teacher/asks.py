"""What a teacher is sent and what comes back. An answer is known by the hash of everything that was sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

from itdr_hf.errors import UsageError
from itdr_hf.prompts import Message, compile_template
from itdr_hf.records import Teacher

DEFAULTS: dict[str, Any] = {"temperature": 0.0, "max_tokens": 600, "seed": 0}
LENGTHS = ("max_tokens", "max_completion_tokens")  # the older and the newer name of one parameter
WARMER = 0.3  # added to the temperature for each further try


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


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Who writes the references: a model behind an endpoint, how it is asked and how often."""

    endpoint: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    mode: Literal["plain", "json"] | None = None  # None: what the subtask's teacher prompt prefers
    tries: int = 3

    def signature(self, teacher: Teacher) -> str:
        """What stands in `reference_by`: model@version of the prompt."""
        return f"{self.model}@{teacher.version}"

    def as_json(self, teacher: Teacher) -> bool:
        """Whether the answer is asked for as JSON."""
        return (self.mode or teacher.mode) == "json"

    def ask(self, teacher: Teacher, text: str, attempt: int = 0) -> Ask:
        """The request for an example's input; each further attempt is warmer, longer and of another seed."""
        system = teacher.system
        parameters = changed(self.parameters, attempt)
        if self.as_json(teacher):
            system += f'\nAnswer with a JSON object of one field: {{"{teacher.field}": "..."}}.'
            parameters["response_format"] = {"type": "json_object"}
        user = compile_template(teacher.template, {}, frozenset({"input"}))({"input": text})
        messages = (Message(role="system", content=system), Message(role="user", content=user))
        return Ask(endpoint=self.endpoint, model=self.model, messages=messages, parameters=parameters)


def changed(parameters: Mapping[str, Any], attempt: int) -> dict[str, Any]:
    """Parameters for a further attempt: what is there is changed, since the same request would cost the same again
    for the same answer. Only a seed is added where there was none."""
    new = dict(parameters)
    if not attempt:
        return new
    if "temperature" in new:
        new["temperature"] = round(max(new["temperature"], min(1.0, new["temperature"] + WARMER * attempt)), 2)
    for name in LENGTHS:
        if name in new:
            new[name] *= 1 + attempt
    return {**new, "seed": new.get("seed", 0) + attempt}


def checked_endpoint(url: str) -> str:
    """The address in its one spelling. Raises UsageError when it is none or carries a secret."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"endpoint {url!r}: want an address such as https://api.deepseek.com/v1")
    if "@" in parts.netloc or parts.query:
        raise UsageError(
            f"endpoint at {parts.hostname}: holds a password or a query, which would be kept with every answer; "
            "want the bare address; put the key into an environment variable (--key-variable)"
        )
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path.rstrip("/"), fragment="").geturl()
