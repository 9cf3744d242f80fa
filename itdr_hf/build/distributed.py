"""Write a cell's shards on the executors of a distributed engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from itdr_hf.dataset.shards import Files, _write_shards, planned
from itdr_hf.records import SPLITS, Shape
from itdr_hf.runtime.engine import Done
from itdr_hf.runtime.files import new_folder, sweep

if TYPE_CHECKING:
    from itdr_hf.build.render import Job


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A file to be written by an executor, and the jobs that render its examples."""

    path: Path
    jobs: list[Job]
    shape: Shape


def write_cell_distributed(
    folder: Path,
    counts: Mapping[str, int],
    jobs: Callable[[str, int, int], list[Job]],
    spread: Callable[[Callable[[Shard], Done], Sequence[Shard]], list[Done]],
    shape: Shape,
    before: Callable[[], object] = lambda: None,
) -> Files:
    """Write a cell as `write_cell` does, each shard on an executor chosen by `spread`.

    `jobs(split, start, stop)` returns the jobs that render these examples.
    """
    with new_folder(folder, locked=True, before=before) as draft:
        shards = [
            Shard(path=draft / part.name, jobs=jobs(split, part.start, part.stop), shape=shape)
            for split in SPLITS
            for part in planned(split, counts[split])
        ]
        facts = spread(write_shard, shards)
        sweep(draft)  # drafts left by lost tasks
    return {shard.path.name: fact for shard, fact in zip(shards, facts, strict=True)}


def write_shard(shard: Shard) -> Done:
    """Render and write one shard, and return its facts; a repeated task replaces the shard of the first."""
    from itdr_hf.build.render import render_job

    draft = shard.path.with_name(f".{shard.path.name}.{uuid4().hex[:8]}")
    [facts] = _write_shards(map(render_job, shard.jobs), [draft], shard.shape)
    draft.replace(shard.path)
    return facts
