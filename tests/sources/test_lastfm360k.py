"""Last.FM 360K: every quirk of its files."""

from __future__ import annotations

import hashlib

import pyarrow.parquet as pq
import pytest
from sources.reading import rows, steps

from itdr_hf import catalogue
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("lastfm360k")
PLAYS = "lastfm-360k/usersha1-artmbid-artname-plays.tsv"
USERS = {n: hashlib.sha1(f"listener {n}".encode()).hexdigest() for n in range(1, 6)}


def histories(tables: Tables, engine: DuckDBEngine) -> dict[str, list[str]]:
    cell = catalogue.cell("uap-lastfm360k")
    planned = ensure_rows(cell, cell.recipe(), tables, engine)
    return {row["subject"]: row["history"] for row in pq.read_table(planned.path).to_pylist()}


def test_the_most_played_come_first(read, engine):
    assert histories(read(), engine)[USERS[1]] == ["the copper kites", "nan", 'lena "moth" ruiz', "ødegård"]


def test_the_most_played_come_first_in_a_file_of_another_order(read, engine, copied):
    path = copied / PLAYS
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[3:], *lines[:3]]) + "\n")
    assert histories(read(copied), engine)[USERS[1]][0] == "the copper kites"


def test_an_artist_goes_by_name_with_or_without_an_mbid(read):
    tables = read()
    mine = [row for row in rows(tables, "interactions") if row["user"] == USERS[1] and row["item"] == "nan"]
    assert [row["plays"] for row in mine] == [640]
    assert steps(tables, "interactions")["repeated (user, item), earliest kept"] == -1


def test_artists_named_nan_and_null_stay_as_they_are_written(read):
    assert {"nan", "null", "Die Laternen", 'lena "moth" ruiz'} <= {row["title"] for row in rows(read(), "items")}


def test_rows_whose_user_is_a_date_are_left_out_and_counted_in_both_files(read):
    tables = read()
    assert steps(tables, "interactions")["user is no sha1 (a date in its place)"] == -1
    assert steps(tables, "users")["user is no sha1 (a date in its place)"] == -1


def test_rows_without_an_artist_or_without_a_play_are_left_out_and_counted(read):
    counted = steps(read(), "interactions")
    assert (counted["artist without a name"], counted["never played"]) == (-1, -1)


def test_ages_outside_5_to_100_and_empty_values_are_unknown(read):
    tables = read()
    known = {row["user"]: (row["country"], row["gender"], row["age"]) for row in rows(tables, "users")}
    assert known == {
        USERS[1]: ("Germany", "male", 22),
        USERS[2]: ("Brazil", "female", None),
        USERS[3]: ("Finland", None, None),
        USERS[4]: ("Japan", None, None),
    }
    assert "age not a whole number from 5 to 100, taken as unknown (2 kept)" in steps(tables, "users")


def test_a_listener_without_a_profile_is_no_example(read, engine):
    assert set(histories(read(), engine)) == {USERS[n] for n in (1, 2, 3, 4)}


def test_a_number_of_plays_that_is_none_is_named_with_file_line_found_and_wanted(read, copied):
    path = copied / PLAYS
    path.write_text(path.read_text() + f"{USERS[1]}\t\tthe copper kites\tmany\n")
    with pytest.raises(MalformedRowError) as raised:
        read(copied)
    assert str(raised.value) == (
        "lastfm-360k/usersha1-artmbid-artname-plays.tsv line 14: Could not convert string \"many\" to 'BIGINT' in "
        f"'{USERS[1]} the copper kites many', want a value for 'plays'; "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )
    assert steps(read(copied, bad=BadRows(policy="skip")), "interactions")["malformed"] == -1
