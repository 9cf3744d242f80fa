"""The parameters of a request: given by the user, checked, and what a server turns out not to take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from itdr_hf.errors import UsageError

LENGTHS = ("max_tokens", "max_completion_tokens")  # the older and the newer name of one parameter
OURS = ("model", "messages", "prompt", "stream", "n")  # set by the package
OPTIONAL = ("temperature", "seed")  # left out where a server takes none
REFUSING = re.compile(
    r"unsupported|not support|n't support|not permitted|not allowed|not accept|unrecogni[sz]ed|unknown|unexpected"
    r"|\bextra\b|\binstead\b|deprecated|no longer|only the default",
    re.IGNORECASE,
)


def read_parameters(given: Iterable[str] | None) -> dict[str, Any]:
    """Read `name=JSON` texts; null stands for a parameter that is to be left out. Raises UsageError."""
    read: dict[str, Any] = {}
    for text in given or ():
        name, _, value = text.partition("=")
        try:
            read[name.strip()] = json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"--parameter {text}: want name=JSON, such as top_p=0.9") from error
        if not name.strip() or name.strip() in OURS:
            raise UsageError(f"--parameter {text}: {name.strip() or 'no name'}; want one that is not set otherwise")
    return read


def merge_parameters(usual: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usual parameters as changed by the given ones, without those that are null.

    A length given under either of its names replaces the usual one. Raises UsageError for a value that does not fit.
    """
    kept = (
        usual if not any(given.get(name) for name in LENGTHS) else {k: v for k, v in usual.items() if k not in LENGTHS}
    )
    merged = {name: value for name, value in {**kept, **given}.items() if value is not None}
    for name, value in merged.items():
        _check(name, value)
    return merged


@dataclass(kw_only=True)
class Dialect:
    """What one server does not take of the usual parameters, as its refusals say; each is changed at most once."""

    renamed: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def spoken(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as this server takes them."""
        taken = {name: value for name, value in parameters.items() if name not in self.left_out}
        return {self.renamed.get(name, name): value for name, value in taken.items()}

    def learn(self, sent: Mapping[str, Any], words: str) -> bool:
        """Whether a refusal names a parameter that was sent and can be changed: then the request may go again."""
        name = _named(sent, words)
        if name in OPTIONAL:
            self.left_out += [name] if name not in self.left_out else []
            return True
        if name in LENGTHS:
            other = LENGTHS[1 - LENGTHS.index(name)]
            if self.renamed.get(name) == other:
                return True  # learnt by another request while this one was under way
            if not self.renamed:
                self.renamed[name] = other
                return True
        return False

    @property
    def changes(self) -> str:
        """'max_tokens sent as max_completion_tokens, seed left out'; '' when nothing had to be changed."""
        renamed = [f"{old} sent as {new}" for old, new in self.renamed.items()]
        return ", ".join([*renamed, *(f"{name} left out" for name in self.left_out)])


def _named(sent: Mapping[str, Any], words: str) -> str | None:
    """Return the first parameter that a refusal is about, of those that were sent."""
    if not REFUSING.search(words):
        return None
    places = {name: re.search(rf"(?<!\w){name}(?!\w)", words) for name in (*LENGTHS, *OPTIONAL) if name in sent}
    found = {match.start(): name for name, match in places.items() if match}
    return found[min(found)] if found else None


def _check(name: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    whole = number and isinstance(value, int)
    if name in LENGTHS and not (whole and value >= 1):
        raise UsageError(f"{name} {value!r}: want a whole number of tokens, 1 or more")
    if name == "temperature" and not (number and value >= 0):
        raise UsageError(f"temperature {value!r}: want a number, 0 or more")
    if name == "seed" and not whole:
        raise UsageError(f"seed {value!r}: want a whole number")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
