"""What a teacher is sent and what comes back. An answer is known by the hash of everything that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from itdr_hf.models.endpoint.parameters import LENGTHS
from itdr_hf.models.endpoint.request import Ask
from itdr_hf.prompts import Message
from itdr_hf.tasks.task import Teacher
from itdr_hf.tasks.templates import compile_template

DEFAULTS: dict[str, Any] = {"temperature": 0.0, "max_tokens": 600, "seed": 0}
WARMER = 0.3  # added to the temperature for each further try


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Who writes the references: a model behind an endpoint, how it is asked and how often."""

    endpoint: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    mode: Literal["plain", "json"] | None = None  # None: what the subtask's teacher prompt prefers
    tries: int = 3

    def signature(self, teacher: Teacher) -> str:
        """Return what stands in `reference_by`: model@version of the prompt."""
        return f"{self.model}@{teacher.version}"

    def as_json(self, teacher: Teacher) -> bool:
        """Whether the answer is asked for as JSON."""
        return (self.mode or teacher.mode) == "json"

    def ask(self, teacher: Teacher, text: str, attempt: int = 0) -> Ask:
        """Return the request for an example's input; each further attempt is warmer, longer and of another seed."""
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
