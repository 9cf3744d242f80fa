"""A real server: `transformers serve` with a tiny untrained model, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import answered, needs_serving, serving, write_model

from itdr_hf.teacher.accept import own
from itdr_hf.teacher.annotate import Haste, annotate, plan
from itdr_hf.teacher.asks import Writer
from itdr_hf.teacher.budget import Budget
from itdr_hf.teacher.examples import select
from itdr_hf.teacher.writing import write_references

ENGLISH = "the and of to that with for who are this from they their have would will be it its as by or"

pytestmark = needs_serving


@pytest.fixture
def served(built: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server of a model that knows the words of the prompts, and the server's log."""
    words = sorted(set().union(*(own(wanted.input) for wanted in select(built, ["tui-mind"], limit=6))))
    write_model(tmp_path / "tiny", ["alpha", "omega", *ENGLISH.split(), *words], sampled=True)
    with serving(tmp_path / "tiny") as (url, log):
        yield url, log


def test_a_real_server_answers_and_what_it_says_is_judged_kept_and_not_asked_twice(folder, served, store):
    url, log = served
    parameters = {"temperature": 1.0, "max_tokens": 150, "seed": 0}
    writer = Writer(endpoint=url, model="tiny", parameters=parameters, tries=4)
    selection = select(folder, ["tui-mind"], limit=6)
    run = annotate(selection, writer, store, budget=Budget(), haste=Haste(concurrency=4))
    assert run.failure is None and run.unanswered == {}
    tally = plan(selection, writer, store)["tui-mind"]
    assert tally.accepted + len(tally.rejected) == 6 and tally.accepted
    assert len(store) == run.answers == answered(log)
    replies = [reply for _, reply in store.records()]
    assert all(
        reply.prompt_tokens and reply.completion_tokens and reply.finish in ("stop", "length") for reply in replies
    )
    assert write_references(folder, "tui-mind", writer, store)["tiny@tui-1"] == tally.accepted
    annotate(selection, writer, store, budget=Budget(), haste=Haste())
    assert len(store) == run.answers
