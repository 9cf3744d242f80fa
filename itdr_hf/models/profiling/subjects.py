"""Whose profile an example asks for, and who is around them: worked out again from the raw release.

A dataset names users by salted hashes and items not at all, while recommenders know both by the release's own ids. A
cell is planned again by its recorded recipe, and every example is matched by its id; the caches of the build serve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from itdr_hf.build.prepare import Prepared, Settings, prepare
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS
from itdr_hf.tasks.planning.context import PlanContext
from itdr_hf.tasks.planning.neighbours import neighbours
from itdr_hf.tasks.planning.recipe import Recipe

if TYPE_CHECKING:
    from itdr_hf.runtime.engine import Engine

COLUMNS = ("domain", "subject")
Key = tuple[str, str]  # domain ("" in a source without domains) and the release's own id


@dataclass(frozen=True, kw_only=True)
class Subjects:
    """Of one cell: example id -> key, and key -> the keys of those around, the nearest first."""

    side: str
    of: Mapping[str, Key]
    near: Mapping[Key, tuple[Key, ...]]


def read_subjects(dataset: Dataset, name: str, settings: Settings, *, salt: str | None = None) -> Subjects:
    """Return the subjects of a cell's examples; `salt` is that of its users, if it is not the usual one.

    Raises MissingFileError without the raw release, and UsageError where the cell was built from other files or by other
    code than this.
    """
    built, cell = dataset.cells[name], dataset.cell(name)
    recorded = {field.name: built.recipe[field.name] for field in fields(Recipe) if field.name in built.recipe}
    recipe = replace(cell.recipe(salt=salt), **recorded)
    with settings.open_engine() as engine:
        prepared = prepare(cell, recipe, settings, engine)
        of = dict(_keyed(prepared))
        known = {row["id"] for split in SPLITS for row in dataset.rows(name, split, ["id"])}
        if missing := known - set(of):
            raise UsageError(
                f"{name}: {len(missing):,} of {len(known):,} examples, {min(missing)} the first, are not made from "
                f"{settings.raw} now; want the release, the version and the salt that it was built with; build it again, or give --salt"
            )
        plan = PlanContext(engine=engine, tables=prepared.tables, recipe=recipe)
        return Subjects(side=cell.task.profiles, of=of, near=_near(plan, cell.task.subject, engine))


def _keyed(prepared: Prepared) -> Iterator[tuple[str, Key]]:
    """Yield the id and the key of every example: rows are rendered in the order in which they are planned."""
    import pyarrow.parquet as pq

    table = pq.read_table(prepared.rows.path, columns=["split", *COLUMNS])
    for split in SPLITS:
        mine = (row for row in table.to_pylist() if row["split"] == split)
        for batch in prepared.batches(split):
            for example, row in zip(batch.column("id").to_pylist(), mine, strict=False):
                yield example, (row["domain"], str(row["subject"]))


def _near(plan: PlanContext, side: str, engine: Engine) -> dict[Key, tuple[Key, ...]]:
    rows = neighbours(plan, "user" if side == "user" else "item")
    rows = rows.filter(rows["rank"] < plan.recipe.neighbours)
    found: dict[Key, list[Key]] = {}
    for row in engine.collect(rows.order_by([*plan.domain, "subject", "rank"])):
        domain = row.get("domain", "")
        found.setdefault((domain, str(row["subject"])), []).append((domain, str(row["neighbour"])))
    return {key: tuple(around) for key, around in found.items()}
