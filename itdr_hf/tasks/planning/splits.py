"""Which split a subject belongs to, by a stable hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.records import SPLITS
from itdr_hf.tasks.planning.digest import digest

if TYPE_CHECKING:
    import ibis.expr.types as ir


SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}  # as in the authors' release


def split_of(source_id: str, subject: ir.Value, kind: str) -> ir.StringValue:
    """Return the split of a user or item of a source: the same in every cell, whatever the seed or the sample.

    It depends on nothing but the source and the id, so a later release never moves a test user to train.
    """
    import ibis

    place = digest(f"split|{source_id}|{kind}", subject)
    first, second = _hex(SHARES["train"]), _hex(SHARES["train"] + SHARES["validation"])
    return ibis.cases((place < first, SPLITS[0]), (place < second, SPLITS[1]), else_=SPLITS[2])


def _hex(share: float) -> str:
    return f"{round(share * 16**8):08x}"
