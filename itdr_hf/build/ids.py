"""Ids of examples, from their content, and salted hashes of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itdr_hf.dataset.example_id import content_digits
from itdr_hf.runtime.hashing import pseudonyms
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell


def example_digits(domains: Sequence[str], subjects: Sequence[str], made: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return what the examples' ids are made of: 16 hex digits from all that an example says."""
    said = [
        targets if author == "data" else slots.values()
        for author, targets, slots in zip(made["reference_by"], made["targets"], made["slots"], strict=True)
    ]
    told = zip(domains, subjects, made["history"], made["history_ratings"], made["candidates"], said, strict=True)
    return [content_digits(*one) for one in told]


def user_hashes(cell: Cell, recipe: Recipe, subjects: Sequence[str]) -> list[str]:
    """Salted hashes of users' ids; a subject that is an item has no user."""
    if cell.task.subject == "item":
        return [""] * len(subjects)
    return list(map(pseudonyms(cell.source.id, recipe.salt), subjects))
