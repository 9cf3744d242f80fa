"""Collect the texts that a language model wrote into a dataset folder: RecLM's profiles, InstructRec's statements.

Where they lie, and how a build quotes them, is in `tasks.planning.written`.
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
from itdr_hf.tasks.planning.written import COLUMNS, RULE, written_path

FIELDS = ("profile", "statement")  # what teachers call answers that other cells quote


@dataclass(frozen=True, kw_only=True)
class Written:
    """The texts of a folder: their file's name, how many they are, and how many texts are not in the form of one."""

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
    no such profiles, or no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{folder}: no such folder; want the dataset folder that a model wrote texts into; check the path"
        )
    dataset = Dataset.open(folder)
    rows = sorted(_rows(dataset, salt or Recipe.salt), key=lambda row: tuple(row[name] for name in COLUMNS))
    good = [row for row in rows if _in_form(dataset, row)]
    if not good:
        raise UsageError(
            f"{folder}: no profile or statement that a model wrote; want a profile-*, preference-* or intention-* config "
            "after `itdr annotate`; build and annotate it"
        )
    digest = hashlib.sha256(json.dumps(good, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    path = written_path(cache or default_cache(), digest)
    if not path.is_file():
        _write(path, good)
    return Written(digest=digest, count=len(good), unread=len(rows) - len(good))


def _in_form(dataset: Dataset, row: dict[str, Any]) -> bool:
    teacher = dataset.catalogue.task(row["task"]).teacher
    return not (teacher and teacher.form) or teacher.form(row["text"])


def _rows(dataset: Dataset, salt: str) -> Iterator[dict[str, Any]]:
    wanted = ["source", "domain", "user", "target_names", "output", "reference_by"]
    for name, built in dataset.cells.items():
        teacher = dataset.cell(name).task.teacher
        if teacher is None or teacher.field not in FIELDS:
            continue
        for split in SPLITS:
            for row in dataset.rows(name, split, wanted) if built.counts.get(split) else ():
                if row["reference_by"] != RULE:
                    text, by, [view] = row.pop("output"), row.pop("reference_by"), row.pop("target_names") or [""]
                    of = {"task": built.task, "split": split, "view": view}
                    yield {**row, **of, "text": text, "written_by": by, "salt": salt}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    draft = path.with_name(f".{path.name}.draft")
    with full_disk_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema), draft, compression="zstd")
        draft.replace(path)
