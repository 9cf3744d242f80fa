"""From a dataset folder to its references: what is asked, what is written back, what is left as it was."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from annotating import contents, rows
from faultserver import completion, good

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.errors import ModelError
from itdr_hf.loading import load_dataset
from itdr_hf.models.teacher.annotate import RateLimits, annotate, plan
from itdr_hf.models.teacher.budget import Budget, Prices
from itdr_hf.models.teacher.selection import select
from itdr_hf.models.teacher.write_back import write_references

pytestmark = pytest.mark.usefixtures("quick")
DEAR = Prices(prompt=1e4, completion=1e4)  # a good answer of the server, 150 tokens, costs 1.5


def run_all(folder, writer, store, configs=None, budget=None, **limits):
    return annotate(select(folder, configs), writer, store, budget=budget or Budget(), limits=RateLimits(**limits))


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
    dataset = Dataset.open(folder)
    for name, facts in dataset.files.items():
        data = (folder / name).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (facts.sha256, facts.size)
    cell = dataset.cells["tui-mind"]
    assert cell.written_by == {"m@tui-1": 40} and cell.examples == 40
    [teacher] = cell.teachers
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
    assert Dataset.open(folder).cells["ir-steam"].written_by == {"extractive": 1, "m@ir-1": 11}
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


def test_requests_at_a_time_are_as_many_as_asked_for_and_no_more(folder, serve, writer_of, store):
    import threading

    came, now, most, lock = [0], [0], [0], threading.Lock()
    first_five = threading.Barrier(5)

    def script(request):
        with lock:
            came[0] += 1
            now[0] += 1
            most[0] = max(most[0], now[0])
            early = came[0] <= 5
        if early:
            first_five.wait(30)  # none is answered before all five have come
        with lock:
            now[0] -= 1
        return completion(good(request.prompt))

    run_all(folder, writer_of(serve(script)), store, concurrency=5)
    assert most[0] == 5 and not first_five.broken


def test_two_runs_at_once_share_the_work_and_ask_nothing_twice(folder, serve, tmp_path):
    server = serve(latency=0.02)
    command = [sys.executable, "-m", "itdr_hf", "annotate", str(folder), "--endpoint", server.url, "--model", "m"]
    environment = {**os.environ, "ITDR_ANSWERS": str(tmp_path / "shared")}
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert len(server.log) == 52 == len({request.prompt for request in server.log})
    assert Dataset.open(folder).cells["tui-mind"].written_by == {"m@tui-1": 40}


def test_it_runs_where_a_loop_runs_already_as_in_a_notebook(folder, serve, writer_of, store):
    import asyncio

    server = serve()

    async def cell() -> None:
        run_all(folder, writer_of(server), store, ["ir-steam"])

    asyncio.run(cell())
    assert len(store) == 12
