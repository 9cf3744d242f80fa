"""Last.FM 1K: every quirk of its files."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from sources.reading import rows, steps

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.malformed import BadRows

SOURCE = catalogue.source("lastfm1k")
PLAYS = "lastfm-1k/userid-timestamp-artid-artname-traid-traname.tsv"


def test_plays_of_one_song_are_one_interaction_with_their_number_at_the_time_of_the_first(read):
    tables = read()
    mine = {row["item"]: row for row in rows(tables, "interactions") if row["user"] == "user_000001"}
    assert mine["Harbour Lights by The Copper Kites"]["plays"] == 3
    first = datetime(2009, 4, 24, 20, 4, 57, tzinfo=UTC)
    assert mine["Harbour Lights by The Copper Kites"]["timestamp"] == first.timestamp()
    assert steps(tables, "interactions")["repeated (user, item), counted as plays"] == -5


def test_the_most_played_come_first_and_then_the_first_heard(read, engine):
    tables = read()
    cell = catalogue.cell("uap-lastfm1k")
    planned = ensure_rows(cell, cell.recipe(), tables, engine)
    listed = {row["subject"]: row["history"] for row in pq.read_table(planned.path).to_pylist()}
    assert listed["user_000001"] == [
        "Harbour Lights by The Copper Kites",
        '"Home" (Live) by Lena "Moth" Ruiz',
        "Harbour Lights by nan",
        "Static & Silver by nan",
        "Null by The Copper Kites",
    ]


def test_the_prompt_says_listening_and_the_order_it_is_in(read, engine):
    cell = catalogue.cell("uap-lastfm1k")
    planned = ensure_rows(cell, cell.recipe(), read(), engine)
    made = [
        e
        for split in planned.counts
        for batch in render(cell, cell.recipe(), planned, split)
        for e in batch.to_pylist()
    ]
    whole = next(e for e in made if e["target_names"] == ["country", "gender", "age"])
    assert whole["input"] == (
        "These are the songs that a user listens to most, the most played first:\n"
        "1. Harbour Lights by The Copper Kites\n"
        '2. "Home" (Live) by Lena "Moth" Ruiz\n'
        "3. Harbour Lights by nan\n"
        "4. Static & Silver by nan\n"
        "5. Null by The Copper Kites\n"
        "From this taste in music, predict the user's country, gender (one of: male, female) and age.\n"
        "Answer with one line for each, in this form:\ncountry: ...\ngender: ...\nage: ..."
    )
    assert whole["output"] == "country: Portugal\ngender: female\nage: 27"


def test_quotes_are_plain_characters(read):
    assert '"Home" (Live) by Lena "Moth" Ruiz' in {row["title"] for row in rows(read(), "items")}


def test_songs_and_artists_named_nan_na_or_null_stay(read):
    assert {"Static & Silver by nan", "N/A by NA", "Null by The Copper Kites"} <= {
        r["title"] for r in rows(read(), "items")
    }


def test_a_song_is_told_from_its_namesake_by_the_artist_and_needs_no_mbid(read):
    titles = {row["title"] for row in rows(read(), "items")}
    assert {"Harbour Lights by The Copper Kites", "Harbour Lights by nan", "Vintersang by Ødegård"} <= titles


def test_plays_without_a_song_or_an_artist_are_left_out_and_counted(read):
    assert steps(read(), "plays")["song or artist without a name"] == -2


def test_the_header_of_the_profiles_is_no_user_and_empty_values_are_unknown(read):
    users = {row["user"]: row for row in rows(read(), "users")}
    assert set(users) == {f"user_00000{n}" for n in range(1, 6)}
    assert users["user_000003"]["country"] == "Korea, Democratic People's Republic of"
    assert (users["user_000003"]["gender"], users["user_000003"]["age"]) == (None, None)


def test_ages_outside_5_to_100_are_unknown_and_counted(read):
    tables = read()
    assert sorted(row["age"] for row in rows(tables, "users") if row["age"]) == [27]
    assert "age not a whole number from 5 to 100, taken as unknown (3 kept)" in steps(tables, "users")


def test_a_user_of_whom_nothing_is_known_is_no_example(read, engine):
    cell = catalogue.cell("uap-lastfm1k")
    planned = ensure_rows(cell, cell.recipe(), read(), engine)
    assert "user_000005" not in {row["subject"] for row in pq.read_table(planned.path).to_pylist()}


def test_an_added_header_line_is_left_out_and_counted(read, copied):
    path = copied / PLAYS
    path.write_text("user\ttimestamp\tartist_id\tartist\tartist_id\tsong\n" + path.read_text())
    tables = read(copied)
    assert steps(tables, "plays")["a header line"] == -1
    assert rows(tables, "interactions") == rows(read(), "interactions")


def test_windows_line_ends_are_read_alike(read, copied):
    for path in (copied / "lastfm-1k").iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert rows(read(copied), "items") == rows(read(), "items")
    assert rows(read(copied), "users") == rows(read(), "users")


def test_a_line_cut_short_is_named_with_file_line_found_and_wanted(read, copied):
    path = copied / PLAYS
    path.write_text(path.read_text() + "user_000001\t2009-04-01T10:00:00Z\t\tThe Co")
    with pytest.raises(MalformedRowError) as raised:
        read(copied)
    assert str(raised.value) == (
        "lastfm-1k/userid-timestamp-artid-artname-traid-traname.tsv line 20: "
        "4 fields in 'user_000001 2009-04-01T10:00:00Z The Co', want 6 (listener, played, artist_id, artist, track_id, "
        "track); "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )
    assert steps(read(copied, bad=BadRows(policy="skip")), "plays")["malformed"] == -1


def test_a_time_that_is_none_is_named(read, copied):
    path = copied / PLAYS
    path.write_text(path.read_text() + "user_000001\tyesterday\t\tThe Copper Kites\t\tNull\n")
    with pytest.raises(MalformedRowError, match=r"line 20: 'user_000001\\tyesterday.*want played;"):
        read(copied)
