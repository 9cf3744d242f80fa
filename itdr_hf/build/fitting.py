"""Limit the length of prompts by dropping the oldest titles of a history, never candidates or the question."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from itdr_hf.tasks.answers import GROUP, numbered

LISTS = ("history", "candidates")  # slots of many titles, one a line
_TOKEN = re.compile(r"\w{1,5}|[^\w\s]")


def estimated_tokens(text: str) -> int:
    """Return an estimate of the tokens in a text: every run of up to five letters, and every punctuation mark, is one.

    Tokenizers for English produce fewer; the estimate is the same for every model, so that prompts are too. Lines are
    counted one by one, as the same titles come again and again.
    """
    return sum(map(_of_line, text.split("\n")))


@lru_cache(maxsize=65_536)
def _of_line(line: str) -> int:
    return len(_TOKEN.findall(line))


@lru_cache(maxsize=16)
def _of_list(listed: str) -> int:
    """Return the tokens of a list of titles, which comes again in the next prompts of its subject."""
    return estimated_tokens(listed)


def _of_prompt(text: str, slots: Mapping[str, str]) -> int:
    """Return the tokens of a filled prompt: of its lists, which stand on lines of their own, and of what is around them."""
    tokens = 0
    for listed in filter(None, map(slots.get, LISTS)):
        before, found, after = text.partition(f"\n{listed}")
        if found and after[:1] in ("", "\n"):
            text, tokens = before + after, tokens + _of_list(listed)
    return tokens + estimated_tokens(text)


def fitted(
    fill: Callable[[Mapping[str, str]], str], slots: Mapping[str, str], history: Sequence[str], max_tokens: int
) -> tuple[str, Sequence[str]]:
    """Return a prompt of at most `max_tokens` estimated tokens (0: no limit), and the titles of the history it shows.

    At least two titles are kept, even if the prompt is then too long. Of many candidates one group counts: models
    compare them so.
    """
    text = fill(slots)
    if _surely_fits(text, slots, max_tokens):
        return text, history
    spared = _beyond_a_group(slots)
    while max_tokens and len(history) > 2 and (over := _of_prompt(text, slots) - spared - max_tokens) > 0:
        dropped, saved = 0, 0
        while saved < over and dropped < len(history) - 2:
            saved += estimated_tokens(history[dropped])
            dropped += 1
        history = history[dropped:]
        slots = {**slots, "history": numbered(history)}
        text = fill(slots)
    return text, history


def _surely_fits(text: str, slots: Mapping[str, str], max_tokens: int) -> bool:
    """Return whether a prompt fits even if every character around its lists is a token: true of most, and quickly told."""
    lists = [listed for name in LISTS if (listed := slots.get(name))]
    return len(text) + sum([_of_list(listed) - len(listed) for listed in lists if listed in text]) <= max_tokens


def _beyond_a_group(slots: Mapping[str, str]) -> int:
    """Return the estimated tokens of the candidates beyond the first group of them."""
    offered = slots.get("candidates", "")
    return sum(map(_of_line, offered.split("\n")[GROUP:])) if offered.count("\n") >= GROUP else 0
