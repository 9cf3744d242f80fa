"""What a shell may complete: names of the folder that is typed before, else of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer


def configs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Cells and unions; behind a comma, a further one."""
    from itdr_hf import catalogue

    before, comma, last = incomplete.rpartition(",")
    names = begun(last, dict.fromkeys([*catalogue.unions(), *(_built(ctx) or catalogue.cell_names())]))
    return [f"{before}{comma}{name}" for name in names]


def cells(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the cells that the folder holds, or all where there is no such folder."""
    from itdr_hf import catalogue

    return begun(incomplete, _built(ctx) or catalogue.cell_names())


def sources(incomplete: str) -> list[str]:
    """Complete the ids of sources."""
    from itdr_hf import catalogue

    return begun(incomplete, catalogue.source_ids())


def begun(incomplete: str, names: Iterable[str]) -> list[str]:
    """Return the names that begin with what is typed."""
    return [name for name in names if name.startswith(incomplete)]


def _built(ctx: typer.Context) -> list[str]:
    folder = ctx.params.get("folder")
    return sorted({path.parent.name for path in Path(folder).glob("*/*-*.parquet")}) if folder else []
