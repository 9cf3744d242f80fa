"""The command `annotate`: plan, report, exit codes, keys, and what it says when something does not fit."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from annotating import contents, itdr, rows
from faultserver import FaultServer, completion, good
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.teacher.selection import select
from itdr_hf.models.teacher.store import FILE, Store

pytestmark = pytest.mark.usefixtures("quick")
SECRET = "sk-very-secret-0123456789"


def test_the_dry_run_sends_nothing_and_gives_count_tokens_and_cost(folder, serve):
    server = serve()
    options = [folder, "--endpoint", server.url, "--model", "m", "--dry-run"]
    facts = json.loads(itdr(*options, "--json", "--price-in", 2, "--price-out", 4))
    assert server.log == [] and facts["total"]["to_ask"] == 52 and facts["cells"]["tui-mind"]["to_ask"] == 40
    total = facts["total"]
    assert total["cost"] == pytest.approx((2 * total["prompt_tokens"] + 4 * total["completion_tokens"]) / 1e6)
    text = itdr(*options, "--configs", "ir-*,tui-*", "--limit", "5")
    assert "total" in text and " 10 " in text and max(map(len, text.splitlines())) <= 80


def test_the_estimate_of_the_dry_run_learns_from_what_was_answered(folder, serve):
    server = serve()
    options = [folder, "--endpoint", server.url, "--model", "m"]
    itdr(*options, "--limit", "6", code=0)
    facts = json.loads(itdr(*options, "--dry-run", "--json"))
    assert facts["total"]["accepted"] == 12
    assert facts["total"]["completion_tokens"] == 50 * facts["total"]["to_ask"] == 50 * 40


def test_the_command_annotates_reports_and_then_needs_no_server(folder, serve):
    server = serve()
    options = [folder, "--endpoint", server.url, "--model", "m", "--configs", "tui-*"]
    assert "40 answers in this run" in itdr(*options)
    server.close()
    facts = json.loads(itdr(*options, "--json"))
    assert facts["answers"] == 0 and facts["cells"]["tui-mind"]["written_by"] == {"m@tui-1": 40}


def test_what_a_run_cost_is_told_and_while_it_runs_its_rate_and_the_estimate(folder, serve):
    prices = ["--price-in", "10", "--price-out", "20"]  # 0.002 for an answer of the server
    options = ["--endpoint", serve().url, "--configs", "tui-*", "--concurrency", "1", *prices]
    done = CliRunner().invoke(app, ["annotate", str(folder), *options])
    assert "40 answers in this run, cost 0.0800" in done.stdout
    [said] = [line for line in done.stderr.splitlines() if line.startswith("asking: 20 of 40")]
    assert re.match(r"asking: 20 of 40 examples, cost 0\.0400 of about 0\.0800", said)


def test_the_command_ends_with_3_when_examples_are_left_and_names_them(folder, serve):
    server = serve(lambda r: completion("I'm sorry, I can't."))
    options = [folder, "--endpoint", server.url, "--model", "m", "--configs", "ir-*", "--tries", "2"]
    text = itdr(*options, code=3)
    assert text.count("rejected: refusal, refusal") == 12 and len(server.log) == 24
    facts = json.loads(itdr(*options, "--json", code=3))
    assert len(facts["cells"]["ir-steam"]["rejected"]) == 12
    assert {row["reference_by"] for row in rows(folder, "ir-steam")} == {"extractive"}


def test_what_was_answered_before_a_fatal_error_is_written_back(folder, serve):
    count = iter(range(10**6))
    server = serve(lambda r: completion(good(r.prompt)) if next(count) < 10 else (402, {}, "{}"))
    with pytest.raises(ModelError, match="status 402"):
        itdr(folder, "--endpoint", server.url, "--model", "m", "--configs", "tui-mind", "--concurrency", 1)
    assert Dataset.open(folder).cells["tui-mind"].written_by == {"extractive": 30, "m@tui-1": 10}


def test_the_key_is_sent_and_is_in_no_file_and_no_output(folder, serve, monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("MY_KEY", SECRET)
    caplog.set_level("DEBUG")
    count = iter(range(10**6))
    echo = json.dumps({"error": {"message": f"not for {SECRET}"}})
    server = serve(lambda r: (400, {}, echo) if next(count) == 3 else completion(good(r.prompt) + f" {SECRET}"))
    options = [folder, "--endpoint", server.url, "--model", "m", "--key-variable", "MY_KEY"]
    out = itdr(*options, code=3)
    assert "not for [key]" in out
    assert {request.headers["authorization"] for request in server.log} == {f"Bearer {SECRET}"}
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in out and SECRET not in caplog.text
    assert all(SECRET not in row["output"] for row in rows(folder, "tui-mind"))


def test_without_an_endpoint_the_message_says_how_to_get_one(folder):
    with pytest.raises(UsageError) as caught:
        itdr(folder)
    for part in ("--endpoint: not given", "https://api.deepseek.com/v1", "transformers serve", "extractive"):
        assert part in str(caught.value)


def test_without_a_key_nothing_is_sent_and_the_folder_is_as_it_was(folder, built):
    with pytest.raises(UsageError, match=r"OPENAI_API_KEY: not set; want the key that api.example.org gives"):
        itdr(folder, "--endpoint", "https://api.example.org/v1")
    assert contents(folder / "tui-mind") == contents(built / "tui-mind")


def test_without_the_package_the_message_says_what_to_install_and_a_dry_run_works(folder):
    code = "import sys; sys.modules['openai'] = None\nfrom itdr_hf.cli.app import main\nsys.argv[0] = 'itdr'\nmain()"
    command = [sys.executable, "-c", code, "annotate", str(folder), "--endpoint", "http://127.0.0.1:9/v1"]
    dry, wet = (subprocess.run([*command, *more], capture_output=True, text=True) for more in (["--dry-run"], []))
    assert dry.returncode == 0 and " 52 " in dry.stdout
    assert wet.returncode == 1 and "pip install -e '.[teacher]'" in wet.stderr and "Traceback" not in wet.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configs", "tkr-mind"], "no config 'tkr-mind' that a teacher writes for; have: ir-steam, tui-mind"),
        (["--configs", "uii"], "nothing a teacher writes for"),
        (["--configs", "nonsense"], "no config 'nonsense'"),
        (["--parameter", "top_p"], "want name=JSON"),
        (["--price-in", "1"], "one given; want both"),
        (["--max-cost", "1"], "--max-cost: no prices"),
        (["--endpoint", "nowhere"], "want an address"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_asked(folder, arguments, message):
    with pytest.raises(UsageError, match=message):
        itdr(folder, "--endpoint", "http://127.0.0.1:9/v1", *arguments)


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no ledger.json; want a dataset folder; make one with `itdr build`"):
        select(tmp_path)


def test_parameters_can_be_added_and_left_out(folder, serve):
    server = serve()
    more = ["--parameter", "max_tokens=null", "--parameter", "max_completion_tokens=700", "--parameter", "top_p=0.9"]
    itdr(folder, "--endpoint", server.url, "--model", "m", "--configs", "ir-*", "--limit", 1, *more)
    body = {k: v for k, v in server.log[0].body.items() if k not in ("messages", "model")}
    assert body == {"temperature": 0.0, "seed": 0, "max_completion_tokens": 700, "top_p": 0.9}


def test_answers_are_exported_and_merged_by_the_command_and_then_cost_nothing(folder, serve, tmp_path, monkeypatch):
    server = serve()
    options = [folder, "--endpoint", server.url, "--model", "m"]
    itdr(*options)
    assert "52 answers" in itdr("--export", tmp_path / "out.jsonl")
    other = ["--store", tmp_path / "other"]
    assert json.loads(itdr("--merge", tmp_path / "out.jsonl", *other, "--json")) == {
        "merged": {str(tmp_path / "out.jsonl"): {"added": 52, "known": 0, "damaged": 0}}
    }
    itdr(*options, *other)
    assert len(server.log) == 52
    assert (tmp_path / "answers" / FILE).read_bytes() == (tmp_path / "other" / FILE).read_bytes()


def test_a_torn_line_is_told_and_its_example_is_asked_again(folder, serve, tmp_path):
    server: FaultServer = serve()
    options = [folder, "--endpoint", server.url, "--model", "m"]
    itdr(*options)
    path = tmp_path / "answers" / FILE
    path.write_bytes(path.read_bytes()[:-20])
    assert "1 torn line(s) dropped" in itdr(*options)
    assert len(server.log) == 53
    with Store(tmp_path / "answers") as store:
        assert (len(store), store.torn, store.damaged) == (52, 0, 0)
