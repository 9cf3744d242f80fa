"""The store of answers: whole after a kill at any byte, shared by processes, handed on as a file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.request import Ask, Reply, checked_endpoint
from itdr_hf.models.teacher.store import FILE, Store, default_store
from itdr_hf.models.teacher.writer import Writer, changed
from itdr_hf.prompts import Message


def ask(number: int = 0, **changes: object) -> Ask:
    messages = (Message(role="user", content=f"Wem gefällt „{number}“?\nNo line break ends a line."),)
    return replace(Ask(endpoint="http://e/v1", model="m", messages=messages, parameters={"seed": 0}), **changes)


def reply(number: int = 0) -> Reply:
    return Reply(
        text=f"Those who like {number} \u2028 and ünïcode.", finish="stop", prompt_tokens=1, completion_tokens=2
    )


def fill(folder: Path, count: int) -> None:
    with Store(folder) as store:
        for number in range(count):
            store.add(ask(number), reply(number))


def run(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    """A Python process in which `ask`, `reply` and `Store` are known."""
    head = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom test_store import *\n"
    return subprocess.Popen([sys.executable, "-c", head + code, *map(str, arguments)], text=True, **options)


def test_an_answer_is_found_again_as_it_came(tmp_path):
    fill(tmp_path, 3)
    with Store(tmp_path) as store:
        assert [store.get(ask(n).key) for n in range(4)] == [reply(0), reply(1), reply(2), None]
        assert list(store.records()) == [(ask(n), reply(n)) for n in range(3)]


def test_everything_that_is_sent_is_in_the_key_and_the_order_of_parameters_is_not():
    asks = [ask(), ask(1), ask(endpoint="http://f/v1"), ask(model="n"), ask(parameters={"seed": 1}), ask(parameters={})]
    assert len({a.key for a in asks}) == len(asks)
    assert ask(parameters={"a": 1, "b": 2}).key == ask(parameters={"b": 2, "a": 1}).key


def test_a_second_answer_to_the_same_question_does_not_replace_the_first(store):
    assert store.add(ask(), reply(1))
    assert not store.add(ask(), reply(2))
    assert store.get(ask().key) == reply(1)


def test_a_line_torn_at_any_byte_is_dropped_and_counted_and_the_rest_is_whole(tmp_path):
    fill(tmp_path, 3)
    whole = (tmp_path / FILE).read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(last + 1, len(whole)):
        (tmp_path / FILE).write_bytes(whole[:cut])
        with Store(tmp_path) as store:
            assert (len(store), store.torn, store.damaged) == (2, 1, 0)
            assert store.add(ask(2), reply(2))
        assert (tmp_path / FILE).read_bytes() == whole


def test_a_writer_killed_by_another_one_in_the_middle_of_a_line_costs_that_line_only(store):
    store.add(ask(0), reply(0))
    with store.path.open("ab") as other:
        other.write(b'{"key": "half')
    assert store.add(ask(1), reply(1))
    assert store.torn == 1 and [store.get(ask(n).key) for n in (0, 1)] == [reply(0), reply(1)]


def test_a_damaged_line_inside_and_one_that_was_tampered_with_are_counted_not_taken(tmp_path):
    fill(tmp_path, 4)
    lines = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    lines[1] = b"\0" * 40 + b"\n"
    lines[2] = lines[2].replace(b'"model": "m"', b'"model": "n"')
    (tmp_path / FILE).write_bytes(b"".join(lines))
    with Store(tmp_path) as store:
        assert (len(store), store.damaged, store.torn) == (2, 2, 0)
        assert store.get(ask(3).key) == reply(3)


def test_processes_that_write_at_once_lose_nothing_and_see_each_other(tmp_path):
    code = "with Store(Path(sys.argv[1])) as s:\n for n in range(int(sys.argv[2]), int(sys.argv[3])): s.add(ask(n), reply(n))"
    with Store(tmp_path) as store:
        writers = [run(code, tmp_path, start, start + 150) for start in (0, 100, 200)]
        assert [writer.wait(30) for writer in writers] == [0, 0, 0]
        assert all(store.get(ask(n).key) == reply(n) for n in range(350))
        assert len(store) == len(store.path.read_bytes().splitlines()) == 350


def test_a_claim_keeps_others_away_until_its_process_dies_even_by_kill(tmp_path):
    code = "s = Store(Path(sys.argv[1])); print(s.claim(ask().key), flush=True); sys.stdin.read()"
    other = run(code, tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None and other.stdout.readline() == "True\n"
    with Store(tmp_path) as store:
        assert not store.claim(ask().key) and store.claim(ask(1).key) and not store.claim(ask(1).key)
        other.send_signal(signal.SIGKILL)
        other.communicate()
        assert store.claim(ask().key)
        store.release(ask().key)
        assert store.claim(ask().key)


def test_a_full_disk_is_named_and_leaves_the_store_whole(tmp_path):
    fill(tmp_path, 2)
    before = (tmp_path / FILE).read_bytes()
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "with Store(Path(sys.argv[1])) as s: s.add(ask(9), reply(9))"
    )
    failed = run(code, tmp_path, len(before) + 50, stderr=subprocess.PIPE)
    assert "OutputError" in failed.communicate()[1] and failed.returncode == 1
    assert (tmp_path / FILE).read_bytes() == before


def test_what_is_exported_can_be_merged_elsewhere_and_ours_stays(tmp_path):
    fill(tmp_path / "ours", 3)
    with Store(tmp_path / "ours") as ours, Store(tmp_path / "theirs") as theirs:
        theirs.add(ask(0), reply(7))
        assert ours.export(tmp_path / "out.jsonl", lambda a: a != ask(2)) == 2
        assert theirs.merge(tmp_path / "out.jsonl") == (1, 1, 0)
        assert theirs.get(ask(0).key) == reply(7) and theirs.get(ask(1).key) == reply(1)
        assert theirs.merge(tmp_path / "ours") == (1, 2, 0), "a store's folder will do"


def test_merging_counts_what_is_no_answer_and_refuses_what_has_none(store, tmp_path):
    fill(tmp_path / "theirs", 2)
    torn = (tmp_path / "theirs" / FILE).read_bytes()[:-5]
    (tmp_path / "torn.jsonl").write_bytes(torn)
    assert store.merge(tmp_path / "torn.jsonl") == (1, 0, 1)
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n[]\n')
    with pytest.raises(
        UsageError, match=r"other.jsonl: 2 lines, none an answer; want a file of `itdr annotate --export`"
    ):
        store.merge(tmp_path / "other.jsonl")
    with pytest.raises(UsageError, match=r"none.jsonl: no such file"):
        store.merge(tmp_path / "none.jsonl")


def test_an_untouched_store_makes_no_folder_and_has_no_answers(tmp_path):
    with Store(tmp_path / "new") as store:
        assert store.get(ask().key) is None and list(store.records()) == []
    assert not (tmp_path / "new").exists()


def test_the_store_is_not_in_a_cache_unless_one_says_so(monkeypatch, tmp_path):
    monkeypatch.delenv("ITDR_ANSWERS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_store() == tmp_path / "itdr" / "answers"
    monkeypatch.setenv("ITDR_ANSWERS", str(tmp_path / "mine"))
    assert default_store() == tmp_path / "mine"


def test_a_further_attempt_changes_what_is_there_and_never_asks_the_same():
    given = {"temperature": 0.0, "max_tokens": 600, "seed": 0}
    assert [changed(given, n) for n in (0, 1, 2)] == [
        given,
        {"temperature": 0.3, "max_tokens": 1200, "seed": 1},
        {"temperature": 0.6, "max_tokens": 1800, "seed": 2},
    ]
    assert changed({"max_completion_tokens": 100}, 1) == {"max_completion_tokens": 200, "seed": 1}
    assert (
        changed({"temperature": 0.9}, 2)["temperature"] == 1.0
        and changed({"temperature": 1.5}, 1)["temperature"] >= 1.5
    )


def test_an_address_has_one_spelling_and_no_secret():
    assert checked_endpoint("https://API.deepseek.com/v1/") == "https://api.deepseek.com/v1"
    for url in ("https://me:hunter2@e.org/v1", "https://e.org/v1?key=hunter2"):
        with pytest.raises(UsageError, match=r"endpoint at e.org: holds a password or a query") as caught:
            checked_endpoint(url)
        assert "hunter2" not in str(caught.value)
    with pytest.raises(UsageError, match="want an address such as"):
        checked_endpoint("deepseek")


def test_a_line_says_what_was_asked_so_that_a_person_can_read_it(store):
    store.add(ask(), reply())
    line = json.loads(store.path.read_text(encoding="utf-8"))
    assert line["messages"][0]["content"].startswith("Wem gefällt") and line["text"] == reply().text


def test_a_writer_signs_with_model_and_version():
    from itdr_hf.tasks.itdr.tui import TEACHER

    assert Writer(endpoint="http://e/v1", model="deepseek-chat").signature(TEACHER) == "deepseek-chat@tui-1"
