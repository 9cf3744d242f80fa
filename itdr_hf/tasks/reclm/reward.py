"""Pairs for a reward model: a user's profile against a worse answer to the same prompt.

Kinds and shares of the worse answers are those of the published code: a neighbour's profile, a mixture of both, the
identity alone, the identity twice, an empty stub, a dot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from itdr_hf.records import PREFERENCE, Turn
from itdr_hf.tasks.reclm import gathering, inference
from itdr_hf.tasks.reclm.rules import Profile, read_profile
from itdr_hf.tasks.reclm.templates import INFERENCE
from itdr_hf.tasks.task import PreferenceParts, TaskContext
from itdr_hf.tasks.templates import compile_template, source_words

SHARES = {"neighbour": 30, "mixture": 30, "identity": 10, "doubled": 10, "stub": 10, "dot": 10}  # per cent
STUB = "Identity:\nInterests:"


def example(row: Mapping[str, Any], context: TaskContext) -> PreferenceParts:
    """Return the prompt, the profile, and what is worse."""
    chosen, *others = row["profiles"]
    kind = _kind(row, context.recipe.seed)
    other = next((text for text in others if text != chosen), None)
    if other is None and kind in ("neighbour", "mixture"):
        kind = "identity"  # nobody around has another profile
    fill = compile_template(INFERENCE[context.template], source_words(context.source), frozenset({"people"}))
    return PreferenceParts(
        prompt=[Turn("user", fill({"people": gathering.people(row["lists"])}))],
        chosen=[Turn("assistant", chosen)],
        rejected=[Turn("assistant", rejected(kind, chosen, other or ""))],
        rejected_kind=kind,
        reference_by=gathering.author(row),
    )


def rejected(kind: str, chosen: str, other: str) -> str:
    """Return the worse answer of a kind, made of a user's profile and another's."""
    mine = read_profile(chosen) or Profile((), ())
    theirs = read_profile(other) or Profile((), ())
    made = {
        "neighbour": other,
        "mixture": Profile(_mixed(mine.identities, theirs.identities), _mixed(mine.interests, theirs.interests)).text,
        "identity": mine.identity,
        "doubled": f"{mine.identity}\n{mine.identity}",
        "stub": STUB,
        "dot": ".",
    }
    return made[kind]


def _mixed(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*mine, *theirs]))


def _kind(row: Mapping[str, Any], seed: int) -> str:
    place = int.from_bytes(hashlib.md5(f"reward|{seed}|{row['order']}".encode()).digest()[:8], "big") % 100
    for kind, share in SHARES.items():
        place -= share
        if place < 0:
            return kind
    raise AssertionError("the shares add up to 100")


TASK = replace(
    inference.TASK,
    id="reward",
    title="Preferences between profiles",
    profiles="",
    description="Preferences between profiles: the better of two profiles of one user.",
    answer="none",
    metrics=(),
    shape=PREFERENCE,
    example=example,
)
