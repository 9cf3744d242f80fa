"""From an example to what a model reads: the one place where prompts are put together.

Training, prediction and export all call these, so the prompt a model is tuned on and the prompt it is asked
are the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypedDict

from itdr_hf.records import PREFERENCE, Shape


class Message(TypedDict):
    """One turn of a conversation, as chat templates take it."""

    role: str
    content: str


class Asked(Protocol):
    """Whatever has a prompt: `row` gives `instruction` and `input`, and an empty `output`."""

    @property
    def row(self) -> Mapping[str, str]: ...


def prompt(instruction: str, text: str) -> str:
    """Task description, a line break, the input; only the input when there is no description."""
    return f"{instruction}\n{text}" if instruction else text


def to_alpaca(row: Mapping[str, str]) -> dict[str, str]:
    """instruction, input, output: the columns as they are."""
    return {"instruction": row["instruction"], "input": row["input"], "output": row["output"]}


def to_messages(row: Mapping[str, str]) -> dict[str, list[Message]]:
    """Return a user turn with the prompt and an assistant turn with the answer."""
    asked = Message(role="user", content=prompt(row["instruction"], row["input"]))
    return {"messages": [asked, Message(role="assistant", content=row["output"])]}


def to_prompt_completion(row: Mapping[str, str]) -> dict[str, str]:
    """prompt, ending in a line break, and completion: the form for a loss on the answer only."""
    return {"prompt": prompt(row["instruction"], row["input"]) + "\n", "completion": row["output"]}


def as_shown(row: Mapping[str, Any], shape: Shape) -> tuple[str, str]:
    """Return the prompt and the answer of a row of any shape as texts for people: turns are named by their role."""
    if shape.instructs:
        return prompt(row["instruction"], row["input"]), row["output"]
    before, after = (
        (row["prompt"], row["chosen"]) if shape == PREFERENCE else (row["messages"][:-1], row["messages"][-1:])
    )
    return _turns(before), _turns(after)


def _turns(messages: Sequence[Mapping[str, str]]) -> str:
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)


def asked_messages(question: Asked) -> list[Message]:
    """Return the turns before the answer."""
    return to_messages(question.row)["messages"][:-1]


def asked_text(question: Asked) -> str:
    """Return the plain prompt, ending in a line break."""
    return to_prompt_completion(question.row)["prompt"]


def rendered(tokenizer: Any, question: Asked) -> str:
    """Return what the tokenizer is given, as text."""
    if not tokenizer.chat_template:
        return asked_text(question)
    turns = asked_messages(question)
    return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))


def token_ids(tokenizer: Any, question: Asked) -> list[int]:
    """Return what the model is given."""
    special = not tokenizer.chat_template  # a template has written them already
    return list(tokenizer(rendered(tokenizer, question), add_special_tokens=special)["input_ids"])
