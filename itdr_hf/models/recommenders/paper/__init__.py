"""RecLM's published tables (arXiv:2412.19302) as data, under this project's names.

    main_results.csv   Table 1: full-shot and zero-shot; `significant` where the paper marks a figure
    ablation.csv       Table 2: either side's profiles left out, full-shot
    cost.csv           Table 3: seconds per epoch, and the extra time as printed

Datasets are mind, netflix and industrial; figures are as printed, slips included.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

DATASETS = ("mind", "netflix", "industrial")
DIFFERS = (
    "profiles and item texts are vectors of whatever was given; the paper encodes texts of its tuned model with BERT",
    "training stops on validation and the test set is ranked once; the paper's code picks its epoch on the test set",
    "equal settings for base and augmented; users are those with a test item, and intervals are over them",
    "one thread of a CPU; the paper's seconds are of an A100",
)
"""What differs from the paper, whatever the data."""


@dataclass(frozen=True, kw_only=True)
class PaperCost:
    """Table 3: seconds per epoch of base and augmented."""

    base: float
    augmented: float

    @property
    def share(self) -> float:
        """What the augmented variant takes more, as a share of the base."""
        return self.augmented / self.base - 1


@cache
def paper_figures() -> dict[tuple[str, str, str, str, str], float]:
    """Return Table 1: (setting, dataset, backbone, variant, metric) -> figure."""
    keys = ("setting", "dataset", "backbone", "variant", "metric")
    return {_key(row, keys): float(row["value"]) for row in _rows("main_results.csv")}  # type: ignore[misc]


@cache
def paper_ablation() -> dict[tuple[str, str, str, str], float]:
    """Return Table 2: (dataset, backbone, variant, metric) -> figure."""
    keys = ("dataset", "backbone", "variant", "metric")
    return {_key(row, keys): float(row["value"]) for row in _rows("ablation.csv")}  # type: ignore[misc]


@cache
def paper_costs() -> dict[tuple[str, str], PaperCost]:
    """Return Table 3: (dataset, backbone) -> seconds per epoch."""
    return {
        (row["dataset"], row["backbone"]): PaperCost(
            base=float(row["base_seconds"]), augmented=float(row["augmented_seconds"])
        )
        for row in _rows("cost.csv")
    }


def _key(row: dict[str, str], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(row[name] for name in names)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return iter(csv.DictReader(text.splitlines()))
