"""2,000 examples, kill -9, and the server's own log; and how much of the possible speed is reached."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from itdr_hf.dataset import Dataset
from itdr_hf.models.teacher.annotate import RateLimits, annotate, plan
from itdr_hf.models.teacher.budget import Budget
from itdr_hf.models.teacher.selection import select
from itdr_hf.models.teacher.store import FILE, Store
from itdr_hf.models.teacher.writer import Writer

CONCURRENCY, LATENCY = 8, 0.2
REACHED = 0.85  # of concurrency / latency


@pytest.fixture
def folder(two_thousand: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_thousand, tmp_path / "itdr"))


def start(folder: Path, url: str, store: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "itdr_hf", "annotate", str(folder), "--endpoint", url, "--model", "m"]
    command += ["--concurrency", str(CONCURRENCY), "--store", str(store)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines(store: Path) -> int:
    path = store / FILE
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def wait_until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_two_thousand_examples_and_a_kill_in_the_middle_cost_exactly_two_thousand_answers(folder, serve, tmp_path):
    """The server stops answering at 1,000; what is under way then is unanswered, so nothing of it was paid for."""
    server, store = serve(hold_after=1000), tmp_path / "answers"
    killed = start(folder, server.url, store)
    wait_until(lambda: len(server.log) == 1000 + CONCURRENCY and lines(store) == 1000)
    killed.kill()
    assert killed.wait(10) == -9 and Dataset.open(folder).cells["tui-mind"].written_by == {"extractive": 2000}
    assert lines(store) == 1000
    server.hold_after = None
    again = start(folder, server.url, store)
    out, errors = again.communicate(timeout=90)
    assert again.returncode == 0, errors
    assert len(server.answered) == len(set(server.answered)) == 2000
    asked = Counter(request.prompt for request in server.log)
    twice = {prompt for prompt, count in asked.items() if count > 1}
    assert sum(asked.values()) == 2000 + len(twice) and len(twice) <= CONCURRENCY
    assert twice <= {request.prompt for request in server.log if not request.answered}, "only what was unanswered"
    assert "1,000 answers in this run" in out and lines(store) == 2000
    assert Dataset.open(folder).cells["tui-mind"].written_by == {"m@tui-1": 2000}


def test_a_kill_at_any_moment_costs_at_most_what_was_on_the_wire(folder, serve, tmp_path):
    server, store = serve(latency=0.01), tmp_path / "answers"
    for target in (1, 157):
        running = start(folder, server.url, store)
        wait_until(lambda target=target: len(server.answered) >= target)
        running.kill()
        running.wait(10)
    selection, writer = select(folder, limit=250), Writer(endpoint=server.url, model="m")
    with Store(store) as opened:
        annotate(selection, writer, opened, budget=Budget(), limits=RateLimits(concurrency=CONCURRENCY))
        assert plan(selection, writer, opened)["tui-mind"].accepted == 250
        assert opened.damaged == 0 and len(opened) == lines(store) == len(set(server.answered))
    assert len(server.answered) - len(set(server.answered)) <= 2 * CONCURRENCY


@pytest.mark.skipif("ITDR_TEST_TIMED" not in os.environ, reason="takes the time of an idle machine: ITDR_TEST_TIMED=1")
def test_the_asking_keeps_up_with_the_endpoint(folder, tmp_path):
    """At least 85 % of concurrency / latency, against a server in a process of its own."""
    program = [sys.executable, str(Path(__file__).with_name("faultserver.py")), str(LATENCY)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        url = server.stdout.readline().strip()
        rate = 0.0
        for number in range(3):  # a machine that is busy with something else may have a second and a third try
            rate = max(rate, measured(folder, url, tmp_path / str(number), 120))
            if rate >= REACHED * CONCURRENCY / LATENCY:
                break
        server.stdin.close()
    print(f"{rate:.1f} answers/s, {rate * LATENCY / CONCURRENCY:.1%} of {CONCURRENCY / LATENCY:g}")
    assert rate >= REACHED * CONCURRENCY / LATENCY


def measured(folder: Path, url: str, store: Path, count: int) -> float:
    """Answers per second, everything included: reading, asking, keeping."""
    with Store(store) as opened:
        annotate(select(folder, limit=8), Writer(endpoint=url, model="m"), opened, budget=Budget(), limits=RateLimits())
        started = time.monotonic()
        limits = RateLimits(concurrency=CONCURRENCY)
        run = annotate(
            select(folder, limit=count + 8), Writer(endpoint=url, model="m"), opened, budget=Budget(), limits=limits
        )
        assert run.answers == count
        return count / (time.monotonic() - started)
