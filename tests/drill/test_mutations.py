"""Spoilt releases of every source: rows that add up, or one clear error; `make drill` spoils 10,000."""

from __future__ import annotations

from pathlib import Path

import pytest

from drill import LONG
from drill.bases import bases, sources
from drill.mutate import run
from itdr_hf import catalogue

COUNT, PARTS = (10_000, 10) if LONG else (2 * len(bases()), 2)


def test_every_source_has_releases_to_be_spoiled():
    assert (
        {base.source for base in bases()}
        == set(sources())
        == set(catalogue.family().source_ids) | {"netflix", "amazon2018"}
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoilt_release_becomes_rows_that_add_up_or_one_clear_error(part: int, tmp_path: Path):
    tally = run(COUNT, tmp_path, every=PARTS, part=part)
    assert tally.total() == len(range(part, COUNT, PARTS))
    assert not [line for line in tally if line.endswith("WRONG")], "each is printed above, with its number"
