"""The card's table of what cells are made of besides their raw files: periods and neighbours, beside what is published."""

from __future__ import annotations

from itdr_hf.dataset.folder import Dataset


def derived_rows(dataset: Dataset) -> list[dict[str, str]]:
    """Return a row (source, what, here, published) for each fact that the ledger has of a source, once."""
    published = dataset.catalogue.family(dataset.ledger.family).published_facts
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for cell in dataset.cells.values():
        title = dataset.catalogue.source(cell.source).title
        for what, value in cell.derived.items():
            known = published.get(cell.source, {}).get(what)
            row = {"source": title, "what": what, "here": _shown(value), "published": _shown(known)}
            rows.setdefault((cell.source, what), row)
    return list(rows.values())


def _shown(value: str | int | None) -> str:
    return f"{value:,}" if isinstance(value, int) else value or ""
