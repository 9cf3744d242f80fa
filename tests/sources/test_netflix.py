"""Netflix Prize: hand-made rows in both layouts, a test for every quirk, and malformed ones with the exact message."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from sources.reading import rows, steps

from itdr_hf import catalogue
from itdr_hf.errors import MalformedRowError, MissingFileError
from itdr_hf.raw import blocks
from itdr_hf.raw.malformed import BadRows
from itdr_hf.raw.release import find_release
from itdr_hf.simulate import netflix

SOURCE = catalogue.source("netflix")
COMBINED = "netflix/combined_data_1.txt"


def spoil(raw, name, old, new):
    path = raw / "netflix" / name
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


@pytest.fixture
def one_file_a_movie(copied):
    for path in copied.glob("netflix/combined_data_*.txt"):
        path.unlink()
    return copied


def test_rows_take_the_movie_of_their_block_and_the_day_as_their_time(read):
    found = [(r["user"], r["item"], r["rating"], r["timestamp"]) for r in rows(read(), "interactions")]
    assert len(found) == 11
    assert (1488844, 1, 3.0, 1_125_964_800) in found and (885013, 4, 5.0, 1_078_012_800) in found


def test_both_layouts_give_the_same_tables(read, one_file_a_movie):
    split = read(one_file_a_movie)
    assert split.record["layout"] == "one file a movie" and len(split.record["files"]) == 6
    combined = read()
    assert combined.record["layout"] == "combined_data_*.txt"
    assert rows(split, "interactions") == rows(combined, "interactions")
    assert rows(split, "items") == rows(combined, "items")


def test_a_title_is_all_behind_the_second_comma_with_the_year_behind_it(read):
    titles = {row["item"]: row["title"] for row in rows(read(), "items")}
    assert titles[2] == "Lamps, Ropes & Other Tricks, Vol. 2 (2004)"
    assert titles[4] == 'The "Quiet" Hour (1997)'
    assert titles[5] == "L'Escale, à l'aube (1959)"


def test_a_year_that_is_null_is_not_shown(read):
    cafe = next(row for row in rows(read(), "items") if row["item"] == 3)
    assert (cafe["title"], cafe["name"], cafe["year"]) == ("Café du Port", "Café du Port", None)


def test_titles_saved_as_utf_8_are_read_as_such(read, copied):
    path = copied / "netflix/movie_titles.csv"
    path.write_bytes(path.read_bytes().decode("latin-1").encode())
    assert rows(read(copied), "items") == rows(read(), "items")


@pytest.mark.parametrize("spoilt", ["bom", "crlf", "blank lines", "no end of line", "blanks around"])
def test_harmless_differences_change_nothing(spoilt, read, copied):
    for path in copied.glob("netflix/combined_data_*.txt"):
        content = path.read_bytes()
        changed = {
            "bom": b"\xef\xbb\xbf" + content,
            "crlf": content.replace(b"\n", b"\r\n"),
            "blank lines": content.replace(b"\n", b"\n\n"),
            "no end of line": content.rstrip(b"\n"),
            "blanks around": content.replace(b",", b" , "),
        }
        path.write_bytes(changed[spoilt])
    assert rows(read(copied), "interactions") == rows(read(), "interactions")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (b"822109,5,2005-05-13", b"822109,5,2005-05-13,extra", 3),
        (b"822109,5,2005-05-13", b"822109,5", 3),
        (b"822109,5,2005-05-13", b"822109,five,2005-05-13", 3),
        (b"822109,5,2005-05-13", b"822109,5,2005-02-30", 3),
        (b"822109,5,2005-05-13", b"0,5,2005-05-13", 3),
        (b"822109,5,2005-05-13", b"99999999999,5,2005-05-13", 3),
        (b"1:\n", b"", 1),
        (b"1:\n", b"one:\n", 1),
        (b"1488844,5,2005-09-06\n", b"1488844,5,2005-0", 7),
    ],
)
def test_a_malformed_line_is_named(old, new, line, read, copied):
    spoil(copied, "combined_data_1.txt", old, new)
    with pytest.raises(MalformedRowError, match=f"^{COMBINED} line {line}: "):
        read(copied)


def test_malformed_lines_can_be_counted_and_skipped(read, copied):
    spoil(copied, "combined_data_1.txt", b"822109,5,2005-05-13", b"822109,5,2005-05-13,extra")
    assert steps(read(copied, bad=BadRows(policy="skip")), "interactions") == {"read": 11, "malformed": -1, "kept": 10}


def test_a_file_without_its_heading_never_takes_the_movie_of_the_file_before(read, one_file_a_movie):
    spoil(one_file_a_movie, "training_set/mv_0000002.txt", b"2:\n", b"")
    with pytest.raises(MalformedRowError, match=r"^training_set/mv_0000002.txt line 1: .*\(2 such rows\)"):
        read(one_file_a_movie)


@pytest.mark.parametrize("name", ["combined_data_1.txt", "combined_data_3.txt", "combined_data_4.txt"])
def test_a_release_without_one_of_its_four_parts_is_incomplete_rather_than_read(name, copied):
    (copied / "netflix" / name).unlink()
    for path in (copied / "netflix/training_set").iterdir():
        path.unlink()
    release = find_release(SOURCE, copied)
    assert release.tables == ["items"]
    assert release.lacks("interactions") == f"interactions needs {name}"
    assert set(release.left_alone().values()) == {f"the release is incomplete without {name}"}
    (copied / "netflix/movie_titles.csv").unlink()
    with pytest.raises(MissingFileError):
        find_release(SOURCE, copied)


def test_a_gap_among_the_files_of_single_movies_is_named(one_file_a_movie):
    for movie in (2, 4):
        (one_file_a_movie / f"netflix/training_set/mv_{movie:07d}.txt").unlink()
    release = find_release(SOURCE, one_file_a_movie)
    assert release.lacks("interactions") == "interactions needs mv_0000002.txt and mv_0000004.txt"


def test_a_part_that_is_missing_turns_to_the_other_layout_if_that_is_complete(read, copied):
    (copied / "netflix/combined_data_2.txt").unlink()
    assert read(copied).record["layout"] == "one file a movie"


def test_a_rating_off_the_scale_is_left_out_and_counted(read, copied):
    spoil(copied, "combined_data_1.txt", b"822109,5,", b"822109,6,")
    assert steps(read(copied), "interactions")["rating off the scale"] == -1


def test_pieces_of_any_size_give_the_same_rows(tmp_path, monkeypatch):
    netflix.write(tmp_path, users=90, items=60, interactions=2_000, seed=4)
    paths = sorted(tmp_path.glob("combined_data_*.txt"))
    whole = blocks.stream(paths, numbered=True).read_all().to_pylist()
    monkeypatch.setattr(blocks, "PIECE_BYTES", 61)
    assert blocks.stream(paths, numbered=True).read_all().to_pylist() == whole
    heading = sum(path.read_bytes().count(b":") for path in paths)
    assert len(whole) + heading == sum(path.read_bytes().count(b"\n") for path in paths)


@pytest.mark.parametrize(
    "odd", [b"\n", b"822109,5\n", b" 822109 , 5 , 2005-05-13 \n"], ids=["blank", "short", "blanks"]
)
def test_an_odd_line_in_a_later_piece_never_moves_rows_to_another_movie(odd, tmp_path, monkeypatch):
    lines = [b"1:\n", *[b"%d,3,2005-01-0%d\n" % (n, 1 + n % 9) for n in range(1, 30)], b"2:\n", b"7,2,2005-01-01\n"]
    path = tmp_path / "combined_data_1.txt"
    path.write_bytes(b"".join([*lines[:28], odd, *lines[28:]]))
    for size in (10**6, 200, 90):
        monkeypatch.setattr(blocks, "PIECE_BYTES", size)
        found = blocks.stream([path], numbered=True).read_all().to_pylist()
        good = [row for row in found if row["user"] not in (None, 822109)]
        assert [row["block"] for row in good] == [1] * 29 + [2] and [row["user"] for row in good][:3] == [1, 2, 3]
        assert [row["_row"] for row in good] == [*range(2, 29), *range(30, 32), 33]


def test_small_files_read_together_keep_their_movies(tmp_path, monkeypatch):
    contents = [b"1:\n5,3,2005-01-01", b"5,3,2005-01-01\n", b"", b"3:\n\n6,1,2005-01-01\n", b"4:\n7,2,2005-01-01\n" * 9]
    paths = [tmp_path / f"mv_{n:07d}.txt" for n in range(1, 6)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    for size in (10**6, 120, 30):
        monkeypatch.setattr(blocks, "PIECE_BYTES", size)
        found = blocks.stream(paths).read_all()["block"].to_pylist()
        assert found == [1, None, 3, *[4] * 9]


def test_the_simulated_release_has_both_layouts_of_the_same_ratings(tmp_path, read):
    sizes = {"users": 120, "items": 150, "interactions": 3_000}
    netflix.write(tmp_path / "a/netflix", **sizes)
    netflix.write(tmp_path / "b/netflix", **sizes, one_file_a_movie=True)
    assert len(list((tmp_path / "b/netflix/training_set").iterdir())) == 150
    a, b = read(tmp_path / "a"), read(tmp_path / "b")
    assert rows(a, "interactions") == rows(b, "interactions")
    assert {row["year"] for row in rows(a, "items")} > {None}
    ratings = pq.read_table(a.path("interactions"), columns=["rating"])["rating"].to_numpy()
    assert set(ratings) == {1, 2, 3, 4, 5} and 3 < np.mean(ratings) < 4


@pytest.mark.parametrize("name", ["rp-netflix", "tkr-netflix", "nir-netflix", "ir-netflix", "tui-netflix"])
def test_its_cells_are_offered_by_name_and_by_no_union(name):
    assert name in catalogue.optional() and name not in catalogue.select()
    assert catalogue.select([name]) == [name] and name in catalogue.select(["*-netflix"])
    assert name not in catalogue.select([name.split("-")[0]])
