"""What a reader who has only the page wants to know: the family, the columns, the licences, whom to cite."""

from __future__ import annotations

from typing import Any

from itdr_hf.dataset.card import citations, column_notes
from itdr_hf.dataset.folder import Dataset


def about(dataset: Dataset) -> dict[str, Any]:
    """Return the slots of the page's section `about`, from the catalogue and the record shapes."""
    cells = [dataset.cell(name) for name in dataset.cells]
    sources = list({cell.source.id: cell.source for cell in cells}.values())
    family = dataset.catalogue.family(dataset.ledger.family)
    columns = column_notes(cells)
    return {
        "title": family.title,
        "after": family.after,
        "tasks": list({cell.task.id: cell.task for cell in cells}.values()),
        "columns": columns,
        "instructs": any(column["name"] == "input" for column in columns),
        "sources": sources,
        "citations": [*([family.citation] if family.citation else []), *citations(sources)],
    }
