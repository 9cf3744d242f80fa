"""Shell completion: names from the folder typed before, else from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer


def configs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the names of cells and unions, also after a comma."""
    from itdr_hf import catalogue

    before, comma, last = incomplete.rpartition(",")
    names = begun(last, dict.fromkeys([*catalogue.unions(), *(_built(ctx) or catalogue.cell_names())]))
    return [f"{before}{comma}{name}" for name in names]


def cells(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the names of the cells in the folder, or of all cells without a folder."""
    from itdr_hf import catalogue

    return begun(incomplete, _built(ctx) or catalogue.cell_names())


def sources(incomplete: str) -> list[str]:
    """Complete the ids of sources."""
    from itdr_hf import catalogue

    return begun(incomplete, catalogue.source_ids())


def begun(incomplete: str, names: Iterable[str]) -> list[str]:
    """Return the names that begin with the typed text."""
    return [name for name in names if name.startswith(incomplete)]


def _built(ctx: typer.Context) -> list[str]:
    folder = ctx.params.get("folder")
    return sorted({path.parent.name for path in Path(folder).glob("*/*-*.parquet")}) if folder else []
