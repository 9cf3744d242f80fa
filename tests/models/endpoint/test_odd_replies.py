"""Whatever a server answers: no traceback, the documented exit code, and a journal that can be read."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from odd_replies import ODD, chat, http
from typer.main import get_command

from itdr_hf.cli.app import app
from itdr_hf.errors import ItdrError
from itdr_hf.models.endpoint import client
from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.teacher.store import FILE, Store

pytest.importorskip("openai", reason="the extra [endpoint] is not installed")

GOOD = lambda body, text: http(json.dumps(chat(text)))  # noqa: E731
COMMAND = get_command(app)
EXITS = {  # kind -> of predict, and of annotate
    "answer": (0, 0), "empty": (0, 3), "failed": (1, 3), "refused": (1, 3), "stops": (1, 1),
}  # fmt: skip
SHOWN = {"failed", "refused", "stops"}  # kinds of which the server's words are reported


def itdr(*arguments: object) -> tuple[int, str]:
    """The exit code and all that is printed, the message of an error included; any other exception is raised."""
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            code = COMMAND.main([*map(str, arguments)], prog_name="itdr", standalone_mode=False) or 0
        except ItdrError as error:
            return 1, f"{out.getvalue()}\n{error}"
    return code, out.getvalue()


def predicting(asked: Path, server, out: Path, *more: object) -> tuple[int, str]:
    options = ["--endpoint", server.url, "--model-name", "m", "--retries", "1", *more]
    return itdr("predict", asked, "--config", "rp-movielens32m", "--limit", 2, "--out", out, *options)


def annotating(folder: Path, server, store: Path, *more: object) -> tuple[int, str]:
    options = ["--store", store, "--config", "tui-movielens32m", "--limit", "2", "--json", *more]
    return itdr("annotate", folder, "--endpoint", server.url, "--model", "m", "--retries", "1", *options)


def test_there_are_odd_replies_of_every_kind():
    assert len(ODD) >= 67 and {odd.kind for odd in ODD.values()} == set(EXITS)


@pytest.mark.parametrize("name", ODD)
def test_predict_takes_or_names_an_odd_reply_and_goes_on_when_the_server_is_fixed(name, asked, server, tmp_path):
    odd, out = ODD[name], tmp_path / "p.parquet"
    server.reply = lambda body, text: odd.make(text)
    code, printed = predicting(asked, server, out)
    assert code == EXITS[odd.kind][0], printed
    assert odd.kind not in SHOWN or odd.words in printed
    assert len(read_predictions(out).rows) == (2 if odd.kind in ("answer", "empty") else 0)
    server.reply = GOOD
    assert predicting(asked, server, out)[0] == 0
    rows = read_predictions(out).rows.values()
    assert len(rows) == 2 and all(
        row.finish_reason in ("stop", "length", "content_filter", "tool_calls") for row in rows
    )
    assert all(row.text for row in rows) or odd.kind == "empty"


@pytest.mark.parametrize("name", ODD)
def test_annotate_takes_or_names_an_odd_reply_and_keeps_only_what_can_be_read_again(name, asked, server, tmp_path):
    odd = ODD[name]
    folder = Path(shutil.copytree(asked, tmp_path / "itdr")) if odd.kind == "answer" else asked
    server.reply = lambda body, text: odd.make(text)
    code, printed = annotating(folder, server, tmp_path / "answers")
    unfit = name == "no role"  # a text too short to be a reference
    assert code == (3 if unfit else EXITS[odd.kind][1]), printed
    assert odd.kind not in SHOWN or odd.words in printed.replace('\\"', '"').replace("\\u2026", "…")
    code, printed = annotating(folder, server, tmp_path / "answers", "--dry-run")
    asks = 2 if odd.kind in SHOWN else 0  # an empty answer was paid for, and is not asked for again
    assert (code, json.loads(printed)["total"]["to_ask"]) == (0, asks)
    with Store(tmp_path / "answers") as store:
        assert (store.damaged, store.torn) == (0, 0)
        records = list(store.records())
    assert len(records) == {"answer": 2, "empty": 6}.get(odd.kind, 0) + 4 * unfit
    lines = (tmp_path / "answers" / FILE).read_text(encoding="utf-8") if records else ""
    assert "NaN" not in lines and "Infinity" not in lines


def test_odd_replies_among_good_ones_are_asked_again_and_stop_nothing(asked, server, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "LONGEST_BACK_OFF", 0.01)
    left = [odd.make("") for odd in ODD.values() if odd.kind == "failed"]
    server.reply = lambda body, text: left.pop() if left and len(server.bodies) > 1 else GOOD(body, text)
    code, printed = predicting(asked, server, tmp_path / "p.parquet", "--retries", 200)
    assert (code, left, len(read_predictions(tmp_path / "p.parquet").rows)) == (0, [], 2), printed
