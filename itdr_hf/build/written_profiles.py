"""Profiles that a language model wrote into a dataset folder, kept by content for the builds that quote them.

`itdr annotate` writes the references of the cell that asks for profiles, each once. Here they are collected into one file
of the cache, named after its content, which a recipe names: so every cell of every build quotes the same profile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS
from itdr_hf.runtime.files import default_cache, full_disk_named
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.reclm.profiles import written_path
from itdr_hf.tasks.reclm.rules import RULE, in_form

FIELD = "profile"  # what a teacher that writes profiles calls its answer
COLUMNS = ("source", "domain", "user", "text", "written_by", "salt")


@dataclass(frozen=True, kw_only=True)
class Written:
    """The profiles of a folder: their file's name, how many they are, and how many texts are not in the form of one."""

    digest: str
    count: int
    unread: int

    @property
    def warning(self) -> str:
        """What to look at: texts that stay out, in whose place the rules' profiles stand; '' for none."""
        if not self.unread:
            return ""
        return (
            f"{self.unread:,} of {self.count + self.unread:,} written profiles are not three identities and three interests; "
            "the rules' stand in their place"
        )


def keep_profiles(folder: Path, cache: Path | None = None, *, salt: str | None = None) -> Written:
    """Collect the profiles that a model wrote in a dataset folder into the cache.

    `salt` is that of the folder's users, which no ledger tells; default: the usual one. Raises UsageError where there are
    no such profiles.
    """
    dataset = Dataset.open(folder)
    rows = sorted(_rows(dataset, salt or Recipe.salt), key=lambda row: tuple(row[name] for name in COLUMNS))
    good = [row for row in rows if in_form(row["text"])]
    if not good:
        raise UsageError(
            f"{folder}: no profile that a model wrote; want a profile-* config after `itdr annotate`; build and annotate it"
        )
    digest = hashlib.sha256(json.dumps(good, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    path = written_path(cache or default_cache(), digest)
    if not path.is_file():
        _write(path, good)
    return Written(digest=digest, count=len(good), unread=len(rows) - len(good))


def _rows(dataset: Dataset, salt: str) -> Iterator[dict[str, Any]]:
    wanted = ["source", "domain", "user", "output", "reference_by"]
    for name, built in dataset.cells.items():
        teacher = dataset.cell(name).task.teacher
        if teacher is None or teacher.field != FIELD:
            continue
        for split in SPLITS:
            for row in dataset.rows(name, split, wanted) if built.counts.get(split) else ():
                if row["reference_by"] != RULE:
                    text, by = row.pop("output"), row.pop("reference_by")
                    yield {**row, "text": text, "written_by": by, "salt": salt}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    draft = path.with_name(f".{path.name}.draft")
    with full_disk_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema), draft, compression="zstd")
        draft.replace(path)
