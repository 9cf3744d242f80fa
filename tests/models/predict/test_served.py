"""The whole round against `transformers serve` with a tiny untrained model: plumbing, never quality."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import answered, needs_serving, serving, write_model

from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.prompts import to_prompt_completion

pytestmark = needs_serving

CONFIGS = ["rp-movielens32m", "nir-movielens32m"]
AT_ONCE = 2


@pytest.fixture(scope="module")
def tiny(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows every word of the prompts, so that each prompt is another to it."""
    folder = tmp_path_factory.mktemp("served") / "tiny"
    words = {word for q in read_questions(asked, CONFIGS) for word in to_prompt_completion(q.row)["prompt"].split()}
    write_model(folder, sorted(words))
    return folder


@pytest.fixture(scope="module")
def served(tiny: Path) -> Iterator[tuple[str, Path]]:
    with serving(tiny) as (url, log):
        yield url, log


def predict(asked: Path, out: Path, *options: str) -> list[str]:
    configs = [word for config in CONFIGS for word in ("--config", config)]
    return [sys.executable, "-m", "itdr_hf", "predict", str(asked), "--out", str(out), "--max-tokens", "6",
            *configs, *options]  # fmt: skip


def behind(url: str) -> list[str]:
    return ["--endpoint", url, "--model-name", "tiny", "--concurrency", str(AT_ONCE)]


def texts(path: Path) -> dict[str, str]:
    return {key: row.text for key, row in read_predictions(path).rows.items()}


def test_killed_and_run_again_a_real_server_is_asked_only_what_was_lost_and_the_answers_are_scored(
    asked, served, tmp_path
):
    url, log = served
    before, out = answered(log), tmp_path / "p.parquet"
    words = predict(asked, out, *behind(url))
    run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while answered(log) < before + 10 and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, "it had ended before it was killed"
    kept = len(read_predictions(out).rows)
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    questions = read_questions(asked, CONFIGS)
    assert kept >= 10 - AT_ONCE and f"{len(questions) - kept} answers made, {kept} found" in done.stdout
    assert answered(log) - before <= len(questions) + AT_ONCE
    words = [sys.executable, "-m", "itdr_hf", "score", str(out), str(asked)]
    scored = subprocess.run(words, capture_output=True, text=True)
    assert scored.returncode == 0 and "nir-movielens32m" in scored.stdout, scored.stderr


@pytest.mark.parametrize("form", ["chat", "plain"])
def test_the_model_says_the_same_behind_a_server_as_on_this_machine(asked, tiny, served, tmp_path, form):
    """With the same bytes as prompt, that is, and as many beginnings of text."""
    options = ["--limit", "5", *(["--plain"] if form == "plain" else [])]
    model = tiny
    if form == "plain":
        model = shutil.copytree(tiny, tmp_path / "plain", ignore=shutil.ignore_patterns("*.jinja"))
    subprocess.run(predict(asked, tmp_path / "there", *options, *behind(served[0])), check=True, capture_output=True)
    here = predict(asked, tmp_path / "here", "--limit", "5", "--model", str(model), "--dtype", "float32")
    subprocess.run(here, check=True, capture_output=True)
    assert texts(tmp_path / "there") == texts(tmp_path / "here")
    assert len(set(texts(tmp_path / "here").values())) > 5


def test_a_real_server_that_gives_no_probabilities_of_a_prompt_is_named_with_what_to_do(asked, served, tmp_path):
    words = [sys.executable, "-m", "itdr_hf", "predict", str(asked), "--config", "nir-movielens32m", "--limit", "2"]
    words += ["--out", str(tmp_path / "p"), "--by", "likelihood", *behind(served[0])]
    done = subprocess.run(words, capture_output=True, text=True)
    told = " ".join(done.stderr.split())
    assert done.returncode == 1 and "no log-probabilities of a prompt's tokens" in told, done.stderr
    assert "choose --by generation, or --model" in told and "Traceback" not in told
