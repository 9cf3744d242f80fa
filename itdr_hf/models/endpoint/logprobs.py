"""Read the log-probabilities of a prompt's tokens, in both forms that servers give them.

OpenAI's completions with `echo` list texts and numbers side by side; vLLM's `prompt_logprobs` has one object a token,
by the token's id. What is not of either form is read as none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isnan
from typing import Any, NamedTuple


class TokenScore(NamedTuple):
    """A token (its text or its id) and its natural log-probability; None for the first, which nothing precedes."""

    token: str
    logprob: float | None


def read_scores(listed: Any) -> tuple[TokenScore, ...]:
    """Return the tokens in `logprobs` of a completion: what was generated, with `echo` behind the prompt.

    () where there are none, or where they are no log-probabilities.
    """
    return _checked(_side_by_side(listed))


def read_prompt_scores(listed: Any) -> tuple[TokenScore, ...]:
    """Return the tokens in `prompt_logprobs`, those of the prompt alone; () as in `read_scores`."""
    return _checked(_by_id(listed))


def _checked(found: Iterable[tuple[Any, Any]]) -> tuple[TokenScore, ...]:
    pairs = list(found)
    fits = all(_is_logprob(value) or (value is None and place == 0) for place, (_, value) in enumerate(pairs))
    return tuple(TokenScore(str(token), value) for token, value in pairs) if fits else ()


def _side_by_side(listed: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(listed, dict):
        tokens, values = listed.get("tokens"), listed.get("token_logprobs")
        if isinstance(tokens, list) and isinstance(values, list) and len(tokens) == len(values):
            yield from zip(tokens, values, strict=True)


def _by_id(listed: Any) -> Iterator[tuple[Any, Any]]:
    """Give the id and the number of each token; where more are listed than the token itself, it is the first."""
    for one in listed if isinstance(listed, list) else ():
        token, value = next(iter(one.items()), ("", "")) if isinstance(one, dict) else ("", one)
        yield token, value.get("logprob", "") if isinstance(value, dict) else value


def _is_logprob(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value) and value <= 0
