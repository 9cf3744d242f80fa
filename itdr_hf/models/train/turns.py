"""Conversations as tokens, piece by piece: what is asked, and each answer with its end token, by its loss flag.

The flags of the rows decide what is trained on, not marks in a chat template: any template will do in which a
conversation begins as its beginning does. What a template writes between an answer's end and the next turn is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from itdr_hf.errors import UsageError
from itdr_hf.models.pretrained import unknown_token
from itdr_hf.prompts import through_template

Messages = Sequence[Mapping[str, str]]


class Piece(NamedTuple):
    """Tokens in a row, and whether the loss falls on them."""

    tokens: list[int]
    loss: bool


def conversation_pieces(row: Mapping[str, Any], tokenizer: Any) -> list[Piece]:
    """Return the pieces of a conversation, the first asked; every answer ends in an end token, of its own piece.

    Raises UsageError for a tokenizer without an end-of-text token, or a template that rewrites earlier turns.
    """
    end = tokenizer.eos_token_id
    if end is None:
        raise UsageError("tokenizer: no end-of-text token; want one, to teach where an answer ends; set eos_token")
    messages, done = row["messages"], ""
    pieces: list[Piece] = []
    special = not tokenizer.chat_template  # a chat template has added special tokens already
    between: list[int] = []  # what the template writes behind the end of the last answer
    for place, (message, loss) in enumerate(zip(messages, row["loss"], strict=True)):
        if message["role"] != "assistant":
            continue
        asked = conversation_text(messages[:place], tokenizer)
        whole = _rendered(tokenizer, messages[: place + 1], asks=False)
        text, reply = _behind(asked, done), _behind(whole, asked)
        tokens = list(tokenizer(text, add_special_tokens=special and not pieces)["input_ids"])
        answer, rest = _ended(list(tokenizer(reply, add_special_tokens=False)["input_ids"]), tokenizer)
        last = place == len(messages) - 1
        answer = [*answer, end] if last and answer[-1] != end else answer  # as after a single answer
        pieces += [Piece([*between, *tokens], False), Piece(answer, bool(loss))]
        done, between = whole, rest
    return pieces


def conversation_text(messages: Messages, tokenizer: Any) -> str:
    """Return the turns up to an answer as text, as the model is asked for it."""
    return _rendered(tokenizer, messages, asks=True)


def _rendered(tokenizer: Any, messages: Messages, *, asks: bool) -> str:
    """Return a conversation as the model reads it; for a plain base each turn ends in a line break."""
    if tokenizer.chat_template:
        turns = [dict(message) for message in messages]
        return through_template(tokenizer, turns, asks=asks)
    text = "\n".join([message["content"] for message in messages])
    return f"{text}\n" if asks else text


def _behind(text: str, beginning: str) -> str:
    if not text.startswith(beginning):
        raise UsageError(
            "chat template: a longer conversation does not begin as a shorter one does; want one that leaves earlier "
            "turns as they are, or the model would be trained on other prompts than it is asked; "
            "give the tokenizer another"
        )
    return text[len(beginning) :]


def _ended(tokens: list[int], tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return an answer through its end token, which is added where a template has none, and what follows it."""
    marks = set(tokenizer.all_special_ids) - {unknown_token(tokenizer)}
    stop = next((place for place, token in enumerate(tokens) if token in marks), None)
    if stop is None:
        return [*tokens, tokenizer.eos_token_id], []
    return tokens[: stop + 1], tokens[stop + 1 :]
