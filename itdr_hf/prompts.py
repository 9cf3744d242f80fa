"""Turn examples into model inputs: the only place where prompts are assembled.

Training, prediction and export all use these functions, so that the prompts for tuning and for prediction are the same
bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypedDict

from itdr_hf.errors import ModelError
from itdr_hf.records import PREFERENCE, Shape


class Message(TypedDict):
    """One turn of a conversation, in the form of chat templates."""

    role: str
    content: str


SHOT_DELIMITER = "\n\n"  # between a solved example and what follows, as lm-evaluation-harness has it


class Asked(Protocol):
    """An object with a prompt: `row` has `instruction`, `input` and an empty `output`.

    It may have `shots`: rows with their outputs, that stand before it.
    """

    @property
    def row(self) -> Mapping[str, str]: ...


def prompt(instruction: str, text: str) -> str:
    """Return the task description, a line break and the input, or only the input if there is no description."""
    return f"{instruction}\n{text}" if instruction else text


def to_alpaca(row: Mapping[str, str]) -> dict[str, str]:
    """Return the columns instruction, input and output, unchanged."""
    return {"instruction": row["instruction"], "input": row["input"], "output": row["output"]}


def to_messages(row: Mapping[str, str]) -> dict[str, list[Message]]:
    """Return a user turn with the prompt and an assistant turn with the answer."""
    asked = Message(role="user", content=prompt(row["instruction"], row["input"]))
    return {"messages": [asked, Message(role="assistant", content=row["output"])]}


def to_prompt_completion(row: Mapping[str, str]) -> dict[str, str]:
    """Return a prompt, ending in a line break, and a completion, the form for a loss on only the answer."""
    return {"prompt": prompt(row["instruction"], row["input"]) + "\n", "completion": row["output"]}


def as_shown(row: Mapping[str, Any], shape: Shape) -> tuple[str, str]:
    """Return the prompt and the answer of a row of any shape as readable texts, with turns labelled by role."""
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
    """Return the turns before the answer: a pair of turns for each shot, then the question."""
    turns = [turn for shot in _shots(question) for turn in to_messages(shot)["messages"]]
    return [*turns, *to_messages(question.row)["messages"][:-1]]


def asked_text(question: Asked) -> str:
    """Return the plain prompt, shots first, ending in a line break."""
    solved = [to_prompt_completion(shot) for shot in _shots(question)]
    before = "".join(shot["prompt"] + shot["completion"] + SHOT_DELIMITER for shot in solved)
    return before + to_prompt_completion(question.row)["prompt"]


def _shots(question: Asked) -> Sequence[Mapping[str, str]]:
    return getattr(question, "shots", ())


def rendered(tokenizer: Any, question: Asked) -> str:
    """Return the input of the tokenizer as text."""
    if not tokenizer.chat_template:
        return asked_text(question)
    turns = asked_messages(question)
    text = through_template(tokenizer, turns, asks=True)
    if turns[-1]["content"].strip() not in text:
        raise ModelError(
            "chat template: it does not write the question as it is; want one that does, or another would be answered; "
            "give the tokenizer another, or ask without it (--plain)"
        )
    return text


def through_template(tokenizer: Any, turns: Sequence[Mapping[str, object]], *, asks: bool = False) -> str:
    """Return turns as the tokenizer's chat template writes them, with what begins an answer if it `asks` for one.

    Raises ModelError for a template that cannot write them.
    """
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=asks))
    except Exception as error:  # a template can raise anything
        said = " ".join(str(error).split())[:200]
        raise ModelError(
            f"chat template: {type(error).__name__}: {said}; want one that writes a user's and an assistant's turn; "
            "give the tokenizer another, or do without it (--plain)"
        ) from error


def token_ids(tokenizer: Any, question: Asked) -> list[int]:
    """Return the input of the model as token ids."""
    special = not tokenizer.chat_template  # a chat template has added special tokens already
    return list(tokenizer(rendered(tokenizer, question), add_special_tokens=special)["input_ids"])
