"""Text of others cannot steer the terminal, hide in it or reorder it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itdr_hf.catalogue import current
from itdr_hf.cli.show_example import print_example
from itdr_hf.dataset import Dataset
from itdr_hf.runtime.escaping import safe_json, safe_line, safe_text
from itdr_hf.runtime.progress import Progress, lines
from itdr_hf.runtime.terminal import print_json, print_line, print_table

HOSTILE = [
    ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
    ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ("\x9b2J", r"\x9b2J"),
    ("a\x00b\x7f", r"a\x00b\x7f"),
    ("over\rwritten", r"over\rwritten"),
    ("ok\u202etxt.exe", r"ok\u202etxt.exe"),
    ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
    ("zero\u200bwidth\u2060\ufeff", r"zero\u200bwidth\u2060\ufeff"),
    ("tag\U000e0041", r"tag\U000e0041"),
    ("half \ud83d", r"half \ud83d"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE, ids=[shown for _, shown in HOSTILE])
def test_what_would_steer_or_hide_is_spelled_out(text, shown):
    assert safe_text(text) == shown == safe_line(text)


@pytest.mark.parametrize(
    "text", ["Amélie (2001)", "千と千尋の神隠し", "Ночной поезд", "فيلم", "🎬 ✓ ½ “x” – …", "a\n\tb"]
)
def test_ordinary_text_of_any_script_stays(text):
    assert safe_text(text) == text


@given(st.text(st.characters()))
def test_nothing_unsafe_is_left_and_json_means_the_same(text):
    shown = safe_line(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in shown)
    assert not set(shown) & set("\u200b\u200e\u202a\u202e\u2028\u2066\u2069\ufeff")
    assert json.loads(safe_json(json.dumps([text], ensure_ascii=False))) == [text]


@pytest.mark.parametrize(("text", "shown"), HOSTILE, ids=[shown for _, shown in HOSTILE])
def test_tables_lines_json_progress_and_examples_are_escaped(text, shown, folder, capsys):
    row = Dataset.open(folder).example("tkr-mind", "test", 0)
    row = {**row, "input": f"{text}\n{row['input']}", "candidates": [text, *row["candidates"][1:]], "user": text}
    print_table({text: "left"}, [[text]], title=text)
    print_line(text)
    print_line(text, error=True)
    print_json({text: text})
    print_example(row, current(), split="test", index=0)
    with lines() as progress:
        progress(Progress(text, 1, 2, detail=text))
    out, err = capsys.readouterr()
    assert shown in out and shown in err and text not in out + err
    assert "\x1b" not in out + err and "\u202e" not in out + err
