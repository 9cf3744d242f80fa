"""Everything that decides the examples of a cell, apart from the raw data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

# What a build did before its recipe recorded the field: the paper's way. Of any other field, its default.
UNRECORDED = {"order": "file", "availability": "any", "future": "shown"}
MATTERS_WITH = {"availability": "negatives", "future": "source_history"}  # of no consequence where the other is 0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides the examples of a cell, apart from the raw data."""

    num_examples: int
    history: int
    positives: int
    negatives: int
    liked_above: float
    disliked_below: float
    seed: int = 0
    salt: str = "itdr"
    with_description: bool = True
    template: str = "default"  # or another id of `Task.templates`, or "mixed": one of them by stable hash
    negative_sampling: str = "uniform"  # a key of `strategies.STRATEGIES`
    order: str = (
        "hash"  # what time leaves open is ordered by a hash of user and item; "file": by the release, as the paper
    )
    availability: str = "known"  # a negative is known in the data by the time of its positive; "any": as the paper
    future: str = (
        "hidden"  # CDR: what is shown of the source domain is before the first positive; "shown": as the paper
    )
    split_protocol: str = "user"  # "leave-last" or "time" for UII; UIU's answers have no time: always by user or item
    source_history: int = 0  # CDR: how many of the source domain are shown; `history` is of the target domain
    reviews: int = 3  # TUI: how many reviews are shown; IR: how many liked and how many disliked items
    forms: str = "one"  # InstructRec: kinds of instruction of a datum: one, "all", or patterns such as "A7/*,*-T3"
    held_out: str = ""  # InstructRec: an intention that only the test has, such as "I1"
    domain: str = ""  # of the source's domains only this one
    max_prompt: int = 0  # pieces (see `build.fitting`) of a prompt, beyond which its oldest titles go; 0: any number
    details: bool = False  # RP: the label behind each title; IR: under each what the release says of it
    max_chars: int = 300  # a review or description is cut at a sentence end before this
    snapshots: str = ""  # RecLM: three dates, where two periods begin and end; "": the source's own, or by rule
    neighbours: int = 0  # RecLM: users or items shown beside the one in question
    near: str = ""  # RecLM: the name of neighbours made beforehand (`--neighbours-by`); "": by what is shared
    dialogue: str = "two-turn"  # RecLM: or "second-only": loss on the second answer alone, or "single-turn"
    profiles: str = ""  # RecLM, InstructRec: the hash of texts that a model wrote (`--profiles`); "": written by rules


def recipe_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return field -> (old, new) of two recorded recipes, those left out that decide nothing in either cell.

    A recipe that was recorded before a field existed has the value of what builds did then.
    """
    defaults = {field.name: field.default for field in fields(Recipe) if field.default is not MISSING} | UNRECORDED
    one, other = defaults | dict(old), defaults | dict(new)
    differing = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    idle = [name for name, needed in MATTERS_WITH.items() if not one.get(needed) and not other.get(needed)]
    return {name: (one.get(name), other.get(name)) for name in differing if name not in idle}
