"""Texts that a language model wrote into a dataset folder, kept by content for the builds that quote them.

`itdr annotate` writes them as the references of cells that ask for them, `build.written_profiles` collects them into one file
of the cache, named after its content, and a recipe names that. So every cell of every build quotes the same text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import BuildError

if TYPE_CHECKING:
    from itdr_hf.tasks.planning.context import PlanContext

RULE = "rule"  # who wrote the texts that no model did, in the column `reference_by`
WRITTEN = "profiles"  # folder of the cache with the texts: <hash>.parquet
COLUMNS = ("source", "domain", "user", "task", "split", "view", "text", "written_by", "salt")


def written_path(cache: Path, digest: str) -> Path:
    """Return where texts that a model wrote lie in a cache."""
    return cache / WRITTEN / f"{digest}.parquet"


def written(plan: PlanContext) -> list[dict[str, Any]]:
    """Return the texts that the recipe names, those about the plan's source. Raises BuildError where they are not kept."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = written_path(plan.tables.folder.parents[2], plan.recipe.profiles)
    if not path.is_file():
        raise BuildError(
            f"profiles {plan.recipe.profiles}: not in {path.parent}; want texts that a model wrote; "
            "name the folder they are in with --profiles, or leave it out"
        )
    return pq.read_table(path).filter(pc.field("source") == plan.source.id).to_pylist()  # type: ignore[no-any-return]
