"""A field too many in a row that ends in an empty field, which the engine would drop in silence and shift the row."""

from __future__ import annotations

import gzip

import pytest

from itdr_hf.raw import trailing
from itdr_hf.raw.dialects import CSV, TSV, Dialect
from itdr_hf.raw.trailing import with_extra_fields_marked

QUOTED = 'a,b,c\n1,"x, y",\n2,"two\nlines,,\nof it",\n'


@pytest.fixture
def mark(tmp_path):
    def marking(content: str, dialect: Dialect, fields: int = 3, name: str = "file.csv") -> str | None:
        """What the engine reads in place of a file; None for the file itself."""
        path = tmp_path / "raw" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
        found = with_extra_fields_marked(path, dialect, fields, tmp_path)
        assert (found.parent.name, found.name) == ("raw", path.name.removesuffix(".gz")) or found == path
        return None if found == path else found.read_bytes().decode()

    return marking


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [5, 8 * 2**20])
def test_the_row_of_one_field_too_many_is_marked_and_no_other(name, end, piece, mark, monkeypatch):
    monkeypatch.setattr(trailing, "PIECE_BYTES", piece)
    rows = ["a\tb\tc", "1\t2\t", "1\textra\t2\t", "4\t5\t6", "7\textra\t8\t"]
    wanted = ["a\tb\tc", "1\t2\t", "1\textra\t2\t?", "4\t5\t6", "7\textra\t8\t?"]
    assert mark(end.join(rows) + end, TSV, name=name) == end.join(wanted) + end
    assert mark(end.join(rows), TSV, name=name) == end.join(wanted)


def test_quotes_and_the_lines_within_them_are_counted_as_one_field(mark):
    assert mark(QUOTED, CSV) is None
    assert mark(QUOTED + '3,extra,"x, y",\n', CSV) == QUOTED + '3,extra,"x, y",?\n'
    assert mark(QUOTED + '3,extra,"two\nlines",\n', CSV) == QUOTED + '3,extra,"two\nlines",?\n'


def test_a_file_of_which_every_row_ends_in_a_delimiter_is_left_alone(mark):
    assert mark("1\t2\t3\t\n4\t5\t6\t\n", TSV) is None
    assert mark("a,b,c\n1,2,3,\n4,5,6,\n", CSV) is None


def test_delimiters_of_two_characters_are_understood(mark):
    dat = Dialect(delimiter="::", quote="", escape="", header=False, encoding="latin-1")
    assert mark("1::2::3\n1::extra::2::\n", dat) == "1::2::3\n1::extra::2::?\n"
