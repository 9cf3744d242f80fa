"""An append-only file of JSON lines: whole after a kill at any byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itdr_hf.runtime.journal import Journal, read_record


def lines(path: Path) -> list[object]:
    return [json.loads(line.data) for line in Journal(path).new_lines()]


def test_what_is_appended_is_read_again_by_place_and_by_others(tmp_path):
    journal, other = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    first, second = journal.append({"a": "ü\u2028"}), journal.append({"b": [1]})
    assert [line.data for line in other.new_lines()] == [first.data, second.data] and list(other.new_lines()) == []
    assert json.loads(other.read(second.offset, len(second.data))) == {"b": [1]}
    journal.append({"c": None})
    assert [json.loads(line.data) for line in other.new_lines()] == [{"c": None}]


def test_a_line_torn_at_any_byte_is_not_seen_and_is_cut_off_by_the_next_writer(tmp_path):
    whole = json.dumps({"a": 1}).encode() + b"\n" + json.dumps({"b": "ü"}).encode() + b"\n"
    first = whole.index(b"\n") + 1
    for cut in range(first + 1, len(whole)):
        (tmp_path / "j").write_bytes(whole[:cut])
        journal = Journal(tmp_path / "j")
        assert len(list(journal.new_lines())) == 1
        journal.cut_torn()
        journal.append({"c": 1})
        assert journal.torn == 1 and lines(tmp_path / "j") == [{"a": 1}, {"c": 1}]
        journal.close()


def test_what_no_reader_could_take_is_not_written(tmp_path):
    journal = Journal(tmp_path / "j")
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.append({"tokens": float("nan")})
    journal.append({"text": "half a \ud83d"})
    assert lines(tmp_path / "j") == [{"text": "half a ?"}]


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"\xff", b"{", b"[" * 9**5])
def test_a_line_that_is_no_object_is_a_value_error_whatever_is_in_it(data):
    with pytest.raises(ValueError):
        read_record(data)
