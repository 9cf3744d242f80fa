"""`annotate --batch`: the store and the acceptance are those of requests one by one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from annotating import itdr
from batchserver import batches, killed_when
from drill import LONG
from faultserver import good

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.batch_api import BatchApi
from itdr_hf.models.teacher.annotate import plan
from itdr_hf.models.teacher.batched import annotate_by_batch
from itdr_hf.models.teacher.budget import Budget, Prices
from itdr_hf.models.teacher.selection import select
from itdr_hf.models.teacher.writer import Writer

__all__ = ["batches"]


def test_rejected_and_failed_answers_are_asked_for_again_until_each_example_has_one(folder, store, batches, tmp_path):
    seen: dict[str, int] = {}

    def fate(prompt: str) -> str:
        return "failed" if len(prompt) % 5 == 0 and seen.get(prompt, 0) == 0 else "ok"

    def answer(prompt: str) -> str:
        seen[prompt] = seen.get(prompt, 0) + 1
        return "Too short." if len(prompt) % 2 and seen[prompt] == 1 else good(prompt)

    def fate_counted(prompt: str) -> str:
        found = fate(prompt)
        seen[prompt] = seen.get(prompt, 0) + (found != "ok")
        return found

    batches.fate, batches.answer = fate_counted, answer
    selection = select(folder, ["ir-steam"])
    writer = Writer(endpoint=batches.url, model="m")
    api = BatchApi(endpoint=batches.url, key="k", retries=0)
    rounds = [
        annotate_by_batch(selection, writer, store, tmp_path / "jobs", budget=Budget(), api=api) for _ in range(5)
    ]
    [tally] = plan(selection, writer, store).values()
    assert (tally.accepted, tally.examples, rounds[-1].written, rounds[-1].under_way) == (12, 12, 0, 0)
    assert set(batches.paid.values()) == {1} and len(batches.paid) == len(store) > 12


def test_more_than_the_budget_is_not_written(folder, store, batches, tmp_path):
    selection, writer = select(folder, ["ir-steam"]), Writer(endpoint="http://127.0.0.1:9/v1", model="m")
    budget = Budget(prices=Prices(prompt=1.0, completion=1.0), most=0.001)
    with pytest.raises(UsageError, match="--max-cost 0.001: 12 requests may cost up to"):
        annotate_by_batch(selection, writer, store, tmp_path / "jobs", budget=budget)
    assert not list((tmp_path / "jobs").glob("requests-*"))


def test_the_command_writes_files_submits_them_and_takes_the_answers_into_the_folder(folder, batches, tmp_path, quick):
    batches.answer = good
    words = [folder, "--config", "ir-steam", "--endpoint", batches.url, "--model", "m", "--batch", tmp_path / "jobs"]
    told = itdr(*words, code=3)
    assert "12 written to requests-00001.jsonl" in " ".join(told.split()) and not batches.batches
    itdr(*words, "--submit")
    assert "12 of 12 examples have an accepted reference" in " ".join(itdr(*words, "--submit").split())
    assert len(batches.paid) == 12 and Path(tmp_path / "jobs/requests-00001.output.jsonl").is_file()


@pytest.mark.skipif(os.name == "nt", reason="no kill -9")
def test_annotating_by_batch_killed_before_it_knows_its_batch_pays_for_each_answer_once(
    folder, batches, tmp_path, quick
):
    tries: dict[str, int] = {}

    def fate(prompt: str) -> str:
        tries[prompt] = tries.get(prompt, 0) + 1
        return "failed" if len(prompt) % 3 == 0 and tries[prompt] == 1 else "ok"

    batches.answer, batches.fate = good, fate
    words = [folder, "--config", "ir-steam", "--endpoint", batches.url, "--model", "m", "--batch", tmp_path / "jobs"]
    command = [sys.executable, "-m", "itdr_hf", "annotate", *words, "--submit"]
    for moment in ("did POST /v1/batches", "/content") if LONG else ("did POST /v1/batches",):
        assert killed_when(command, batches, moment)
    assert any(len(prompt) % 3 == 0 for prompt in tries)
    itdr(*words, "--submit", code=3)
    told = itdr(*words, "--submit")
    assert "12 of 12 examples have an accepted reference" in " ".join(told.split())
    assert set(batches.paid.values()) == {1} and len(batches.paid) == 12
