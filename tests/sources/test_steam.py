"""Steam: its two layouts, and every quirk of their files."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError, UsageError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.raw.python_literals import as_json
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("steam")


@pytest.fixture
def only(tmp_path: Path) -> Callable[..., Path]:
    """A raw folder with only the named files of the release, beside its games."""

    def picking(*names: str) -> Path:
        folder = tmp_path / "picked" / "steam"
        folder.mkdir(parents=True)
        for name in ("steam_games.json", *names):
            shutil.copy(RAW / "steam" / name, folder)
        return folder.parent

    return picking


def items(tables: Tables) -> dict[str, dict[str, Any]]:
    return {row["item"]: row for row in rows(tables, "items")}


def of(tables: Tables, user: str) -> dict[str, dict[str, Any]]:
    return {row["item"]: row for row in rows(tables, "interactions") if row["user"] == user}


def test_python_literals_are_read_and_never_evaluated():
    assert as_json("{u'a': u'don\\'t', u'b': [1, 2.5, True, None]}") == '{"a": "don\'t", "b": [1, 2.5, true, null]}'
    for line in ("__import__('os').getcwd()", "{u'a': open('x')}", "{u'a': 1", "[1, 2]", "{[]: 1}", "{u'a': {1, 2}}"):
        assert as_json(line) is None


def test_escapes_of_python_2_become_letters_also_where_a_pair_was_written_apart():
    assert as_json("{u'a': u'\\u2605 \\U0001f680 \\ud83d\\ude80'}") == '{"a": "★ 🚀 🚀"}'
    assert as_json("{u'a': u'\\ud83d'}") == '{"a": "\ufffd"}'


def test_version_2_is_preferred_where_both_lie(read):
    assert read().record["layout"] == "Steam, version 2"


def test_compressed_files_are_read_alike(read, only, tmp_path):
    raw = only("steam_reviews.json")
    for path in list((raw / "steam").iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed, plain = read(raw), read()
    assert [rows(packed, name) for name in ("interactions", "items")] == [
        rows(plain, name) for name in ("interactions", "items")
    ]


def test_hours_are_the_rating_and_absent_hours_are_none(read):
    tables = read()
    assert of(tables, "id 76561198000000001")["10"]["rating"] == 31.5
    assert of(tables, "name Ψ🚀")["40"]["rating"] is None


def test_absent_or_blank_texts_are_none(read):
    assert [row["text"] for row in of(read(), "name Ψ🚀").values()] == [None, None]


def test_a_user_id_is_the_user_and_its_name_without_one_is_somebody_else(read):
    tables = read()
    assert len(of(tables, "id 76561198000000001")) == 7
    assert list(of(tables, "name Maud")) == ["10"]


def test_a_username_nan_is_a_name(read):
    assert len(of(read(), "name nan")) == 6


def test_a_name_of_several_people_is_told_apart_by_account_size(read):
    tables = read()
    assert sorted({row["user"] for row in rows(tables, "interactions") if "Alex" in row["user"]}) == [
        "name Alex 12", "name Alex 13", "name Alex 860",
    ]  # fmt: skip
    assert of(tables, "name Alex 12")["10"]["rating"] == 20.0
    assert of(tables, "name Alex 860")["10"]["rating"] == 0.5


def test_a_review_under_a_shared_name_without_an_account_size_is_left_out_counted(read):
    assert steps(read(), "interactions")["name of several people"] == -1


def test_a_game_reviewed_twice_counts_once_at_its_first_date(read):
    tables = read()
    assert steps(tables, "interactions")["repeated (user, item), earliest kept"] == -1
    assert of(tables, "name nan")["60"]["timestamp"] == int(datetime(2017, 1, 5, tzinfo=UTC).timestamp())


def test_a_review_of_a_game_that_left_the_shop_is_left_out_counted(read):
    assert steps(read(), "interactions")["item unknown or without title"] == -1


def test_a_game_without_a_title_has_its_app_name(read):
    assert items(read())["40"]["title"] == "The Last Tram"


def test_a_game_without_any_name_is_left_out_counted(read):
    tables = read()
    assert "140" not in items(tables)
    assert steps(tables, "items")["without title"] == -1


def test_a_game_without_an_id_has_the_one_of_its_address_or_is_left_out_counted(read):
    tables = read()
    assert items(tables)["130"]["title"] == "Foghorn Deluxe"
    assert steps(tables, "items")["game without id"] == -1


def test_a_game_listed_twice_is_there_once_counted(read):
    assert steps(read(), "items")["repeated item"] == -1


def test_prices_in_numbers_and_words_are_one_form(read):
    known = items(read())
    assert [known[game]["price"] for game in ("10", "30", "50", "90")] == ["$4.99", "free", "free", None]


def test_entities_in_genres_are_undone_and_tags_do_not_repeat_them(read):
    known = items(read())
    assert known["110"]["genres"] == "Animation & Modeling"
    assert known["20"]["tags"] == "Crafting, Difficult"


def test_developers_joined_without_a_blank_are_listed_with_one(read):
    assert items(read())["20"]["developer"] == "Anvil Works, Second Hammer, Inc."


def test_titles_in_other_scripts_and_named_nan_stay(read):
    known = items(read())
    assert (known["120"]["title"], known["60"]["title"]) == ("Ночной поезд", "nan")


def test_a_like_is_more_than_ten_hours_and_a_dislike_less_than_two(read, engine):
    cell = catalogue.cell("ir-steam")
    made = ensure_rows(cell, cell.recipe(), read(), engine)
    found = [row for s in made.counts for batch in render(cell, cell.recipe(), made, s) for row in batch.to_pylist()]
    assert len(found) == 2
    shown = next(row for row in found if "Quiet Orbit" in row["history"])
    assert shown["history"] == [
        "Harbour of Kites", "Bolt & Anvil", "Quiet Orbit", "Ashen Circuit", "Teapot Tactics", "Deep Cellar",
    ]  # fmt: skip
    assert "Played for more than ten hours:\n1. Harbour of Kites" in shown["input"]
    assert "Put down within two hours:\n1. Ashen Circuit" in shown["input"]


def test_hours_are_no_scale_so_there_is_no_rating_prediction():
    assert SOURCE.scale is None
    with pytest.raises(UsageError, match="steam has no ratings"):
        catalogue.task("rp").needs(SOURCE)


@pytest.mark.parametrize("name", ["ir-steam", "tui-steam"])
def test_each_cell_has_an_example(read, engine, name):
    cell = catalogue.cell(name)
    assert sum(ensure_rows(cell, cell.recipe(), read(), engine).counts.values()) > 0


def test_version_1_shows_the_recommendation_with_the_review(read, only):
    tables = read(only("australian_user_reviews.json"))
    assert tables.record["layout"] == "Steam, version 1 (Australian users)"
    mine = of(tables, "tinlantern")
    assert [mine[game]["text"] for game in ("10", "20", "30")] == [
        "Recommended. Simple and good.", "Not recommended. Couldn't finish it.", None,
    ]  # fmt: skip


def test_version_1_takes_hours_from_the_inventories_and_knows_none_without_them(read, only):
    raw = only("australian_user_reviews.json", "australian_users_items.json")
    assert [row["rating"] for row in of(read(raw), "tinlantern").values()] == [15.0, 0.5, None]
    (raw / "steam/australian_users_items.json").unlink()
    assert {row["rating"] for row in of(read(raw), "tinlantern").values()} == {None}


def test_a_version_1_date_without_a_year_is_of_the_year_after_the_last_one_stated(read, only):
    mine = of(read(only("australian_user_reviews.json")), "tinlantern")
    days = [datetime.fromtimestamp(mine[game]["timestamp"], UTC).date().isoformat() for game in ("10", "20", "30")]
    assert days == ["2011-04-21", "2015-12-03", "2016-07-04"]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [("{u'username': u'x', u'product_id':", "a Python dict on one line"), ("import os", "a Python dict on one line"),
     ("{u'username': u'x', u'date': u'2017-01-01'}", "item"),
     ("{u'product_id': u'10', u'date': u'tomorrow'}", "timestamp")],
)  # fmt: skip
def test_a_line_that_is_no_dict_or_lacks_its_game_or_date_is_named_or_skipped_and_counted(read, only, line, wanted):
    raw = only("steam_reviews.json")
    path = raw / "steam/steam_reviews.json"
    path.write_text("\n" + line + "\n" + path.read_text())
    with pytest.raises(MalformedRowError) as caught:
        read(raw)
    assert str(caught.value) == (
        f"steam/steam_reviews.json line 2: {line!r}, want {wanted}; "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )
    tables = read(raw, bad=BadRows(policy="skip"))
    assert steps(tables, "posts")["malformed"] == -1
    assert steps(tables, "interactions")["kept"] == 19


def test_a_broken_line_of_version_1_is_named(read, only):
    raw = only("australian_user_reviews.json")
    path = raw / "steam/australian_user_reviews.json"
    path.write_text(path.read_text() + "{'user_id': 'cut off', 'reviews': [{'item_id'\n")
    with pytest.raises(MalformedRowError, match=r"steam/australian_user_reviews.json line 3: .*cut off"):
        read(raw)
