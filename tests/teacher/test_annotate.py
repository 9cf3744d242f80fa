"""From a dataset folder to its references: what is asked, what is written back, what is left as it was."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from faultserver import FaultServer, completion, good
from typer.testing import CliRunner

from itdr_hf.cli import app
from itdr_hf.errors import ModelError, UsageError
from itdr_hf.folder import build_folder
from itdr_hf.generation import Settings
from itdr_hf.ledger import read_ledger
from itdr_hf.loading import load_dataset
from itdr_hf.teacher import client as clients
from itdr_hf.teacher.annotate import Haste, annotate, plan
from itdr_hf.teacher.budget import Budget, Prices
from itdr_hf.teacher.examples import select
from itdr_hf.teacher.store import FILE, Store
from itdr_hf.teacher.writing import write_references

SECRET = "sk-very-secret-0123456789"
DEAR = Prices(prompt=1e4, completion=1e4)  # a good answer of the server, 150 tokens, costs 1.5


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    """Back-offs of milliseconds, and a store of the test's own."""
    monkeypatch.setattr(clients, "BACK_OFF", 0.005)
    monkeypatch.setenv("ITDR_ANSWERS", str(tmp_path / "answers"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def run_all(folder, writer, store, configs=None, budget=None, **haste):
    return annotate(select(folder, configs), writer, store, budget=budget or Budget(), haste=Haste(**haste))


def rows(folder: Path, cell: str) -> list[dict]:
    """All rows of a cell."""
    return [row for path in sorted((folder / cell).iterdir()) for row in pq.read_table(path).to_pylist()]


def itdr(*arguments: object, code: int = 0) -> str:
    """What the command prints; it must end with `code`."""
    done = CliRunner().invoke(app, ["annotate", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


def test_every_example_gets_its_answer_its_signature_and_nothing_else_changes(folder, built, serve, writer_of, store):
    server = serve()
    run_all(folder, writer_of(server, model="deepseek-chat"), store)
    for cell, version in (("tui-mind", "tui-1"), ("ir-steam", "ir-1")):
        write_references(folder, cell, writer_of(server, model="deepseek-chat"), store)
        before, after = rows(built, cell), rows(folder, cell)
        for old, new in zip(before, after, strict=True):
            said = good(old["input"])
            written = {"output": said, "targets": [said], "reference_by": f"deepseek-chat@{version}"}
            assert new == {**old, **written}
            assert old["reference_by"] == "extractive"
    assert len(server.log) == 52 and len({request.prompt for request in server.log}) == 52


def test_plain_datasets_reads_an_annotated_folder(folder, serve, writer_of, store):
    writer = writer_of(serve())
    run_all(folder, writer, store, ["ir-steam"])
    write_references(folder, "ir-steam", writer, store)
    splits = load_dataset(str(folder), "ir-steam")
    assert {name for split in splits.values() for name in split["reference_by"]} == {"m@ir-1"}
    assert sum(map(len, splits.values())) == 12


def test_the_ledger_has_the_hashes_of_the_new_files_and_the_card_counts_who_wrote_what(folder, serve, writer_of, store):
    writer = writer_of(serve())
    run_all(folder, writer, store, ["tui-mind"])
    write_references(folder, "tui-mind", writer, store)
    ledger = read_ledger(folder)
    for name, facts in ledger["files"].items():
        data = (folder / name).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (facts["sha256"], facts["size"])
    cell = ledger["cells"]["tui-mind"]
    assert cell["written_by"] == {"m@tui-1": 40} and sum(cell["counts"].values()) == 40
    [teacher] = cell["teachers"]
    assert (teacher["written"], teacher["at"], teacher["form"]) == ("m@tui-1", "127.0.0.1", "plain")
    card = (folder / "README.md").read_text()
    assert "`m@tui-1`: 40 examples" in card and "`extractive`: 12 examples" in card


def test_writing_again_gives_the_same_bytes_and_mends_a_ledger_that_a_kill_left_behind(folder, serve, writer_of, store):
    writer = writer_of(serve())
    run_all(folder, writer, store, ["tui-mind"])
    old_ledger = (folder / "ledger.json").read_bytes()
    write_references(folder, "tui-mind", writer, store)
    new_ledger, files = (folder / "ledger.json").read_bytes(), contents(folder / "tui-mind")
    (folder / "ledger.json").write_bytes(old_ledger)  # killed after the cell was put in its place
    write_references(folder, "tui-mind", writer, store)
    assert (folder / "ledger.json").read_bytes() == new_ledger and contents(folder / "tui-mind") == files


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_build_of_the_same_recipe_leaves_the_references_alone(built, folder, serve, writer_of, store):
    writer = writer_of(serve())
    run_all(folder, writer, store, ["tui-mind"])
    write_references(folder, "tui-mind", writer, store)
    files = contents(folder / "tui-mind")
    settings = Settings(raw=built.parent / "raw", warn=lambda text: None)
    [outcome] = build_folder(folder, settings, configs=["tui-mind"], changes={"num_examples": 40})
    assert outcome.state == "unchanged" and contents(folder / "tui-mind") == files


def test_another_build_with_the_same_examples_costs_nothing(built, folder, serve, writer_of, store):
    server = serve()
    run_all(folder, writer_of(server), store)
    asked = len(server.log)
    run_all(built, writer_of(server), store)
    assert len(server.log) == asked


def test_a_rejected_answer_is_tried_again_changed_and_the_good_one_is_taken(folder, serve, writer_of, store):
    bad = {0: completion("Cut off", finish="length"), 1: completion("")}
    server = serve(lambda request: bad.get(request.nth) or completion(good(request.prompt)))
    selection = select(folder, ["ir-steam"])
    run_all(folder, writer_of(server), store, ["ir-steam"])
    assert plan(selection, writer_of(server), store)["ir-steam"].accepted == 12
    tries = [request.body for request in server.log if request.prompt == server.log[0].prompt]
    changes = [(body["seed"], body["temperature"], body["max_tokens"]) for body in tries]
    assert changes == [(0, 0.0, 600), (1, 0.3, 1200), (2, 0.6, 1800)] and len(server.log) == 36


def test_after_the_last_try_an_example_is_listed_with_every_fault_and_stays_extractive(
    folder, built, serve, writer_of, store
):
    script = [completion("Cut off", finish="length"), completion("I'm sorry, I cannot."), completion("Short.")]
    spoilt = rows(built, "ir-steam")[3]
    server = serve(lambda r: script[r.nth] if r.prompt == spoilt["input"] else completion(good(r.prompt)))
    run_all(folder, writer_of(server), store, ["ir-steam"])
    tally = plan(select(folder, ["ir-steam"]), writer_of(server), store)["ir-steam"]
    assert tally.rejected == {spoilt["id"]: ("truncated", "refusal", "too short")}
    assert (tally.accepted, tally.faults) == (11, {"too short": 1})
    write_references(folder, "ir-steam", writer_of(server), store)
    assert rows(folder, "ir-steam")[3] == spoilt
    assert read_ledger(folder)["cells"]["ir-steam"]["written_by"] == {"extractive": 1, "m@ir-1": 11}
    asked = len(server.log)
    run_all(folder, writer_of(server), store, ["ir-steam"])
    assert len(server.log) == asked, "a rejected example is not paid for again"


def test_a_storm_of_faults_ends_with_one_answer_for_each_example(folder, serve, writer_of, store):
    faults = [(429, {"Retry-After": "0.05"}, "{}"), (500, {}, "oops"), "disconnect", "stall", '{"half']
    order = iter(range(10**6))
    number: dict[str, int] = {}

    def script(request):
        place = number.setdefault(request.prompt, next(order))  # each example meets up to two faults of the five
        return faults[(place + request.nth) % 5] if request.nth < place % 3 else completion(good(request.prompt))

    server = serve(script)
    run = run_all(folder, writer_of(server), store, timeout=0.5)
    assert run.unanswered == {} and run.failure is None
    assert sum(t.accepted for t in plan(select(folder), writer_of(server), store).values()) == 52
    asked = Counter(request.prompt for request in server.log)
    assert asked == {prompt: 1 + place % 3 for prompt, place in number.items()}


def test_in_json_mode_the_field_is_the_reference_and_malformed_json_is_tried_again(
    folder, built, serve, writer_of, store
):
    def script(request):
        text = good(request.prompt)
        return completion(text if request.nth == 0 else json.dumps({"interests": text, "more": 1}))

    server = serve(script)
    writer = writer_of(server, mode="json")
    run_all(folder, writer, store, ["ir-steam"])
    write_references(folder, "ir-steam", writer, store)
    assert [row["output"] for row in rows(folder, "ir-steam")] == [good(r["input"]) for r in rows(built, "ir-steam")]
    assert len(server.log) == 24
    body = server.log[0].body
    assert body["response_format"] == {"type": "json_object"}
    assert "JSON" in body["messages"][0]["content"] and '"interests"' in body["messages"][0]["content"]


def test_an_example_the_endpoint_refuses_is_named_and_the_others_are_answered(folder, built, serve, writer_of, store):
    spoilt = rows(built, "tui-mind")[7]
    server = serve(lambda r: (400, {}, "{}") if r.prompt == spoilt["input"] else completion(good(r.prompt)))
    run = run_all(folder, writer_of(server), store, ["tui-mind"], concurrency=1)
    assert list(run.unanswered) == [spoilt["id"]] and "status 400" in run.unanswered[spoilt["id"]]
    assert run.answers == 39 and not run.stopped


def test_a_wrong_key_stops_the_run_after_the_requests_under_way(folder, serve, writer_of, store):
    server = serve(lambda r: (401, {}, "{}"))
    run = run_all(folder, writer_of(server), store, concurrency=4)
    assert isinstance(run.failure, ModelError) and "status 401" in run.stopped and len(server.log) <= 4


def test_the_limit_of_cost_is_not_passed_and_the_next_run_goes_on(folder, serve, writer_of, store):
    server = serve()
    budget = Budget(prices=DEAR, most=40.0)
    run = run_all(folder, writer_of(server), store, budget=budget, concurrency=2)
    assert run.stopped.startswith("--max-cost is reached") and run.failure is None
    assert budget.spent == 1.5 * len(server.log) == 1.5 * run.answers and 40 - 20 < budget.spent <= 40
    more = run_all(folder, writer_of(server), store)
    assert more.answers + run.answers == 52 == len(server.log)


def test_requests_at_a_time_are_no_more_than_asked_for(folder, serve, writer_of, store):
    import threading

    now, most, lock = [0], [0], threading.Lock()

    def script(request):
        import time

        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        return completion(good(request.prompt))

    run_all(folder, writer_of(serve(script)), store, concurrency=5)
    assert most[0] == 5


def test_two_runs_at_once_share_the_work_and_ask_nothing_twice(folder, serve, tmp_path):
    server = serve(latency=0.02)
    command = [sys.executable, "-m", "itdr_hf", "annotate", str(folder), "--endpoint", server.url, "--model", "m"]
    environment = {**os.environ, "ITDR_ANSWERS": str(tmp_path / "shared")}
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert len(server.log) == 52 == len({request.prompt for request in server.log})
    assert read_ledger(folder)["cells"]["tui-mind"]["written_by"] == {"m@tui-1": 40}


def test_it_runs_where_a_loop_runs_already_as_in_a_notebook(folder, serve, writer_of, store):
    import asyncio

    server = serve()

    async def cell() -> None:
        run_all(folder, writer_of(server), store, ["ir-steam"])

    asyncio.run(cell())
    assert len(store) == 12


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
    assert read_ledger(folder)["cells"]["tui-mind"]["written_by"] == {"extractive": 30, "m@tui-1": 10}


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
    code = "import sys; sys.modules['openai'] = None\nfrom itdr_hf.cli import main\nsys.argv[0] = 'itdr'\nmain()"
    command = [sys.executable, "-c", code, "annotate", str(folder), "--endpoint", "http://127.0.0.1:9/v1"]
    dry, wet = (subprocess.run([*command, *more], capture_output=True, text=True) for more in (["--dry-run"], []))
    assert dry.returncode == 0 and " 52 " in dry.stdout
    assert wet.returncode == 1 and "pip install itdr-hf[teacher]" in wet.stderr and "Traceback" not in wet.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configs", "tkr-mind"], "no config 'tkr-mind' that a teacher writes for; have: ir-steam, tui-mind"),
        (["--configs", "uii"], "nothing a teacher writes for"),
        (["--configs", "nonsense"], "no config 'nonsense'"),
        (["--split", "dev"], "no split 'dev'"),
        (["--mode", "yaml"], "no mode 'yaml'"),
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
