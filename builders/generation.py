"""Mixins for a builder of ITDR cells, with one duty each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import datasets

from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.records import SPLITS, Shape
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell


def features(shape: Shape) -> datasets.Features:
    """Return a shape's columns as `datasets` features."""
    return datasets.Features.from_arrow_schema(shape.schema)


class SplitsByUser:
    """Provides three splits that share no users. Requires nothing of the host."""

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        return [datasets.SplitGenerator(name=split, gen_kwargs={"split": split}) for split in SPLITS]


class GeneratesExamples:
    """Generates the examples of a split. Requires `recipes` and `settings` of the host."""

    recipes: list[tuple[Cell, Recipe]]
    settings: Settings

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for cell, recipe in self.recipes:
            for batch in prepare(cell, recipe, self.settings).batches(split, self.settings.num_proc):
                for row in batch.to_pylist():
                    yield row["id"], row
