"""Mixins for a builder of ITDR cells, one duty each; the host has `recipes` and `settings`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import datasets

from itdr_hf.generation import Settings, prepare
from itdr_hf.records import COLUMNS, SPLITS, Cell, Recipe


def features() -> datasets.Features:
    """The one schema as `datasets` features."""
    value = {"string": datasets.Value("string"), "double": datasets.Value("float64")}
    return datasets.Features(
        {n: datasets.List(value[k[5:-1]]) if k.startswith("list") else value[k] for n, k in COLUMNS.items()}
    )


class SplitsByUser:
    """Host duty: three splits that share no user; host contract: nothing."""

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        return [datasets.SplitGenerator(name=split, gen_kwargs={"split": split}) for split in SPLITS]


class GeneratesExamples:
    """Host duty: examples of a split; host contract: `recipes`, `settings`."""

    recipes: list[tuple[Cell, Recipe]]
    settings: Settings

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for cell, recipe in self.recipes:
            for batch in prepare(cell, recipe, self.settings).batches(split, self.settings.num_proc):
                for row in batch.to_pylist():
                    yield row["id"], row
