"""Answers of every task: written and read back, and no text raises. How texts are read: tests/tasks/reading."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itdr_hf import catalogue
from itdr_hf.records import Example
from itdr_hf.tasks.answers import as_written, shuffled
from itdr_hf.tasks.itdr import family

FIVE = ["Alien", "Aliens", "Heat (1995)", "Love, Actually", "10, the movie"]
PIECES = st.sampled_from(
    ["Heat", "1. ", "10", ": ", "\n", "age", "<think>", "</think>", "4.5", "Alien", "\u2028", "**"]
)
ANY_TEXT = st.one_of(st.text(), st.lists(PIECES).map("".join))


@pytest.mark.parametrize("subtask", catalogue.family().task_ids)
@settings(deadline=None)  # a loaded machine is no bug
@given(text=ANY_TEXT, strict=st.booleans())
def test_no_task_raises_on_any_text(subtask, text, strict):
    source = next(iter(family.GRID[subtask]))
    example = Example(
        id="x", subtask=subtask, source=source, domain="", instruction="", input="", output="", history=["Jaws"],
        history_ratings=[3.0], candidates=FIVE, targets=["3"], target_names=["age"], user="", template="default",
        reference_by="data",
    )  # fmt: skip
    answer = catalogue.cell(f"{example.subtask}-{example.source}").parse(text, example, strict=strict)
    assert answer.fault is None or isinstance(answer.fault, str)


def test_a_permutation_is_decided_by_its_seed_and_loses_nothing():
    assert shuffled(FIVE, 7) == shuffled(FIVE, 7) != shuffled(FIVE, 8)
    assert sorted(shuffled(FIVE, 10**30)) == sorted(FIVE)
    assert len({tuple(shuffled("abc", seed)) for seed in range(6)}) == 6


def test_a_number_is_written_as_its_source_does_where_nothing_is_lost():
    assert as_written("4", "{:.1f}".format) == "4.0" and as_written("4.25", "{:.1f}".format) == "4.25"
