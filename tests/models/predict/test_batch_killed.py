"""`predict --batch` killed with kill -9 between submitting and collecting: no answer is lost or paid for twice."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from batchserver import Batches, batches, killed_when
from drill import LONG

from itdr_hf.models.endpoint.batch_api import BatchApi
from itdr_hf.models.predict.batched import batch_round
from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.served import Endpoint

__all__ = ["batches"]

MADE = "did POST /v1/batches"  # the server has the batch, the client does not know
HALF = "/content"  # what came of a batch is being fetched
MOMENTS = ["did POST /v1/files", MADE, "got GET /v1/batches/", HALF, "did GET /v1/batches"] if LONG else [MADE, HALF]
LATER = [0.002 * step for step in range(20)] if LONG else []  # seconds after the last reply: while answers are kept


@pytest.mark.skipif(os.name == "nt", reason="no kill -9")
def test_a_run_killed_between_submitting_and_collecting_loses_and_pays_nothing_twice(
    asked: Path, batches: Batches, tmp_path: Path
):
    tries: dict[str, int] = {}

    def fate(prompt: str) -> str:
        """Each prompt in its own way: at once, at the second try, or never."""
        tries[prompt] = tries.get(prompt, 0) + 1
        late = ["ok", "ok", "failed", "expired", "refused"]
        way = late[sum(prompt.encode()) % 5]
        return "ok" if tries[prompt] > 1 and way != "refused" else way

    batches.fate = fate
    out, jobs = tmp_path / "p.parquet", tmp_path / "jobs"
    command = [sys.executable, "-m", "itdr_hf", "predict", asked, "--config", "nir", "--limit", 40, "--out", out]
    command += ["--endpoint", batches.url, "--model-name", "m", "--batch", jobs, "--submit"]
    reached = [killed_when(command, batches, moment) for moment in MOMENTS]
    reached += [killed_when(command, batches, HALF, later) for later in LATER]
    assert all(reached[: len(MOMENTS)]), reached
    questions, system = read_questions(asked, ["nir"], "test", 40), Endpoint(url=batches.url, model="m")
    api = BatchApi(endpoint=batches.url, key="k", retries=0, timeout=10)
    made = [batch_round(out, questions, system, jobs, api) for _ in range(4)]
    assert made[-1].missing == made[-1].made == 0
    prompts = {q.id: system.ask(q).messages[-1]["content"] for q in questions}
    rows = read_predictions(out).rows
    assert rows.keys() == prompts.keys() and len(prompts) >= 15
    for name, prompt in prompts.items():
        never = sum(prompt.encode()) % 5 == 4
        assert (rows[name].finish_reason, rows[name].text) == (
            ("refused", "") if never else ("stop", batches.answer(prompt))
        )
    assert set(batches.paid.values()) == {1}
    assert len(batches.paid) == sum(row.finish_reason == "stop" for row in rows.values()) < len(rows)
