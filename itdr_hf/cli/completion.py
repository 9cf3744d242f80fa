"""What a shell may complete: names of the catalogue, as far as they are typed."""

from __future__ import annotations

from itdr_hf import catalogue
from itdr_hf.records import SPLITS


def configs(incomplete: str) -> list[str]:
    """Cells and unions."""
    return _begun(incomplete, [*catalogue.unions(), *catalogue.cell_names()])


def cells(incomplete: str) -> list[str]:
    """Cells alone."""
    return _begun(incomplete, catalogue.cell_names())


def sources(incomplete: str) -> list[str]:
    """Sources."""
    return _begun(incomplete, catalogue.source_ids())


def splits(incomplete: str) -> list[str]:
    """Splits."""
    return _begun(incomplete, list(SPLITS))


def _begun(incomplete: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
