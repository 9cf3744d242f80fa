"""The prompt a model gets: the bytes that training uses, whoever generates.

A tokenizer with a chat template gets the user turn of `to_messages` and the mark where the assistant begins;
one without gets the prompt of `to_prompt_completion`. The beginning-of-text token is there as often as the
tokenizer's own rule says, never twice: a template writes its own, a plain prompt gets it from the tokenizer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from itdr_hf.prompts import Message, to_messages, to_prompt_completion

if TYPE_CHECKING:
    from itdr_hf.predict.questions import Question


def asked_messages(question: Question) -> list[Message]:
    """The turns before the answer."""
    return to_messages(question.row)["messages"][:-1]


def asked_text(question: Question) -> str:
    """The plain prompt, ending in a line break."""
    return to_prompt_completion(question.row)["prompt"]


def rendered(tokenizer: Any, question: Question) -> str:
    """What the tokenizer is given, as text."""
    if not tokenizer.chat_template:
        return asked_text(question)
    turns = asked_messages(question)
    return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))


def token_ids(tokenizer: Any, question: Question) -> list[int]:
    """What the model is given."""
    special = not tokenizer.chat_template  # a template has written them already
    return list(tokenizer(rendered(tokenizer, question), add_special_tokens=special)["input_ids"])
