"""What the card says of periods, neighbours and splits: what cells are made of besides their raw files."""

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


def one_out(dataset: Dataset) -> list[int]:
    """Return the numbers of candidates where the last interactions of users are left out one by one; else nothing."""
    recipes = [cell.recipe for cell in dataset.cells.values() if cell.recipe["positives"]]
    if not any(recipe.get("split_protocol") == "leave-one-out" for recipe in recipes):
        return []
    return sorted({recipe["positives"] + recipe["negatives"] for recipe in recipes})


def _shown(value: str | int | None) -> str:
    return f"{value:,}" if isinstance(value, int) else value or ""
