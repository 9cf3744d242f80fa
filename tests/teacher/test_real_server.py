"""A real server: `transformers serve` with a tiny untrained model, where an environment has it.

ITDR_TEST_TRANSFORMERS names the bin folder of an environment with torch and transformers[serving].
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from itdr_hf.teacher.accept import own
from itdr_hf.teacher.annotate import Haste, annotate, plan
from itdr_hf.teacher.asks import Writer
from itdr_hf.teacher.budget import Budget
from itdr_hf.teacher.examples import select
from itdr_hf.teacher.writing import write_references

BIN = Path(os.environ.get("ITDR_TEST_TRANSFORMERS", "/nowhere"))
ENGLISH = [
    "the",
    "and",
    "of",
    "to",
    "that",
    "with",
    "for",
    "who",
    "are",
    "this",
    "from",
    "they",
    "their",
    "have",
    "would",
    "will",
    "be",
    "it",
    "its",
    "as",
    "by",
    "or",
]

pytestmark = pytest.mark.skipif(not (BIN / "transformers").is_file(), reason="ITDR_TEST_TRANSFORMERS is not set")


@pytest.fixture
def served(built: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server of a model that knows the words of the prompts, and the server's log."""
    words = sorted(set().union(*(own(wanted.input) for wanted in select(built, ["tui-mind"], limit=6))))
    script = Path(__file__).with_name("tinymodel.py")
    subprocess.run([BIN / "python", script, tmp_path / "tiny", "alpha", "omega", *ENGLISH, *words], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [
        BIN / "transformers",
        "serve",
        "tiny",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}/v1", tmp_path / "log"
        finally:
            server.terminate()
            server.wait(20)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except OSError:
            assert server.poll() is None, "the server ended"
            time.sleep(0.1)
    raise AssertionError("the server does not come up")


def test_a_real_server_answers_and_what_it_says_is_judged_kept_and_not_asked_twice(folder, served, store):
    url, log = served
    parameters = {"temperature": 1.0, "max_tokens": 150, "seed": 0}
    writer = Writer(endpoint=url, model="tiny", parameters=parameters, tries=4)
    selection = select(folder, ["tui-mind"], limit=6)
    run = annotate(selection, writer, store, budget=Budget(), haste=Haste(concurrency=4))
    assert run.failure is None and run.unanswered == {}
    tally = plan(selection, writer, store)["tui-mind"]
    assert tally.accepted + len(tally.rejected) == 6 and tally.accepted
    assert len(store) == run.answers == len(re.findall(r"POST /v1/chat/completions .* 200", log.read_text()))
    replies = [reply for _, reply in store.records()]
    assert all(
        reply.prompt_tokens and reply.completion_tokens and reply.finish in ("stop", "length") for reply in replies
    )
    assert write_references(folder, "tui-mind", writer, store)["tiny@tui-1"] == tally.accepted
    annotate(selection, writer, store, budget=Budget(), haste=Haste())
    assert len(store) == run.answers
