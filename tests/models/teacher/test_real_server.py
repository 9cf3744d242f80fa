"""A real server: `transformers serve` with a tiny untrained model, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import answered, needs_serving, serving, write_parrot

from itdr_hf.models.teacher.acceptance import own
from itdr_hf.models.teacher.annotate import RateLimits, annotate, plan
from itdr_hf.models.teacher.budget import Budget
from itdr_hf.models.teacher.selection import select
from itdr_hf.models.teacher.write_back import write_references
from itdr_hf.models.teacher.writer import Writer

ENGLISH = "the and of to that with for who are this from they their have would will be it its as by or"

pytestmark = needs_serving


@pytest.fixture
def served(built: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server whose model speaks of the first three of six items alone, and the server's log."""
    items = [own(wanted.input, wanted.taught.common_words) for wanted in select(built, ["tui-mind"], limit=6)]
    known = sorted(set().union(*items[:3]).difference(*items[3:]))[:100]
    write_parrot(tmp_path / "tiny", [*ENGLISH.split(), *known])
    with serving(tmp_path / "tiny") as (url, log):
        yield url, log


def test_a_real_server_answers_and_what_it_says_is_judged_kept_and_not_asked_twice(folder, served, store):
    url, log = served
    parameters = {"temperature": 1.0, "max_tokens": 150, "seed": 0}
    writer = Writer(endpoint=url, model="tiny", parameters=parameters, tries=4)
    selection = select(folder, ["tui-mind"], limit=6)
    run = annotate(selection, writer, store, budget=Budget(), limits=RateLimits(concurrency=4))
    assert run.failure is None and run.unanswered == {}
    tally = plan(selection, writer, store)["tui-mind"]
    assert tally.accepted == 3
    assert list(tally.rejected.values()) == 3 * [4 * ("about something else",)]
    assert len(store) == run.answers == answered(log) == 3 + 3 * 4
    replies = [reply for _, reply in store.records()]
    assert all(
        reply.prompt_tokens and reply.completion_tokens and reply.finish in ("stop", "length") for reply in replies
    )
    assert write_references(folder, "tui-mind", writer, store)["tiny@tui-1"] == tally.accepted
    annotate(selection, writer, store, budget=Budget(), limits=RateLimits())
    assert len(store) == run.answers
