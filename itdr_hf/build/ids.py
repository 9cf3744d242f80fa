"""Ids of examples, derived from their content, and salted hashes of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itdr_hf.dataset.example_id import content_digits
from itdr_hf.runtime.hashing import pseudonyms
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
    hashed = pseudonyms(cell.source.id, recipe.salt)
    known = {subject: hashed(subject) for subject in dict.fromkeys(subjects)}
    return [known[subject] for subject in subjects]
