"""Ids of examples, derived from their content, and salted hashes of users."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from itdr_hf.dataset.example_id import content_digits
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell


def example_digits(domains: Sequence[str], subjects: Sequence[str], made: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return 16 hex digits for each example, a hash of its content, from which its id is made."""
    answers = [
        targets if author == "data" else slots.values()
        for author, targets, slots in zip(made["reference_by"], made["targets"], made["slots"], strict=True)
    ]
    contents = zip(
        domains, subjects, made["history"], made["history_ratings"], made["candidates"], answers, strict=True
    )
    return [content_digits(*content) for content in contents]


def user_hashes(cell: Cell, recipe: Recipe, subjects: Sequence[str]) -> list[str]:
    """Return a salted hash of each user id, 16 hex digits; "" for subjects that are items."""
    if cell.task.subject == "item":
        return [""] * len(subjects)
    keyed = hashlib.blake2b(key=recipe.salt.encode()[:64], digest_size=8)

    def hashed(subject: str) -> str:
        state = keyed.copy()
        state.update(f"{cell.source.id}|{subject}".encode())
        return state.hexdigest()

    return list(map(hashed, subjects))
