"""What must be said next to any figure of a dataset: references put together by rule, simulated raw files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from itdr_hf.dataset.folder import Dataset
from itdr_hf.records import EXTRACTIVE

BY_RULE = (
    "references put together by rule ({cells}): they share their wording, so a score on them is largely that of the "
    "wording; compare it with template-copy, or have a teacher write them (`itdr annotate`)"
)
MADE_UP = "simulated raw data ({cells}): the figures show that the software works, nothing about people or items"
MAX_NAMED = 4  # cells named in one sentence


@dataclass(frozen=True, kw_only=True)
class Caveats:
    """The cells of a dataset whose figures do not stand for themselves, each group in catalogue order."""

    extractive: Sequence[str]
    simulated: Sequence[str]

    @property
    def cells(self) -> frozenset[str]:
        """The cells whose figures must not be put next to published ones."""
        return frozenset([*self.extractive, *self.simulated])

    @property
    def by_rule(self) -> str:
        """What to say of references by rule; '' where there are none."""
        return BY_RULE.format(cells=_named(self.extractive)) if self.extractive else ""

    @property
    def sentences(self) -> list[str]:
        """All that is to be said, a sentence for each kind."""
        made_up = MADE_UP.format(cells=_named(self.simulated)) if self.simulated else ""
        return [sentence for sentence in (self.by_rule, made_up) if sentence]


def caveats_of(dataset: Dataset, configs: Iterable[str] | None = None) -> Caveats:
    """Return the caveats of some cells of a dataset, or of all; of cells without an entry in the ledger none."""
    asked = dataset.cells if configs is None else set(configs)
    cells = [cell for name, cell in dataset.cells.items() if name in asked]
    return Caveats(
        extractive=[cell.name for cell in cells if cell.written_by.get(EXTRACTIVE)],
        simulated=[cell.name for cell in cells if cell.simulated],
    )


def _named(cells: Sequence[str]) -> str:
    more = len(cells) - MAX_NAMED
    return ", ".join(cells[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
