"""Estimate how many tokens a prompt costs, and read how many were used."""

from __future__ import annotations

from collections.abc import Iterable

from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.prompts import Message

BYTES_PER_TOKEN = 4  # of English under the tokenizers in use; what was used is taken from the endpoint


BYTES_AT_LEAST = 2  # no tokenizer in use makes more tokens of a text: for what must not be exceeded


PER_MESSAGE = 4  # tokens that a chat template adds


def prompt_tokens(messages: Iterable[Message], bytes_per_token: int = BYTES_PER_TOKEN) -> int:
    """Return about how many tokens the messages are."""
    return sum(
        -(-len(message["content"].encode("utf-8", "replace")) // bytes_per_token) + PER_MESSAGE for message in messages
    )


def asked_tokens(ask: Ask, bytes_per_token: int = BYTES_PER_TOKEN) -> int:
    """Return about how many tokens the prompt of a request is."""
    text = -(-len(ask.prompt.encode("utf-8", "replace")) // bytes_per_token)
    return text + prompt_tokens(ask.messages, bytes_per_token)


def used_tokens(ask: Ask, reply: Reply) -> tuple[int, int]:
    """Return prompt and completion tokens as the endpoint counts them, else about."""
    asked, answered = reply.prompt_tokens, reply.completion_tokens
    if asked is None:
        asked = asked_tokens(ask)
    return asked, -(-len(reply.text.encode()) // BYTES_PER_TOKEN) if answered is None else answered
