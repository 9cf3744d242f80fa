"""Tables as people have them: other separators, names, encodings, dates and scales; and mistakes, each named in a line."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from itdr_hf.build.folder import CellsFailedError, build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.errors import ItdrError, MissingFileError, UsageError
from itdr_hf.runtime import hashing
from itdr_hf.sources.own import found_in, own_source, values

USERS, ITEMS, EACH = 12, 30, 12
Rows = list[list[Any]]


def interactions() -> Rows:
    """user, item, timestamp, rating: each user's in an order of their own, times that rise."""
    rows = [[f"u{u}", f"i{(7 * u + 11 * k) % ITEMS:02d}", 1_600_000_000 + 1_000 * k + u, 1 + (u * k) % 5]
            for u in range(USERS) for k in range(EACH)]  # fmt: skip
    return [["user", "item", "timestamp", "rating"], *rows]


def items() -> Rows:
    return [["item", "title", "brand"], *([f"i{n:02d}", f"Thing {n}", f"Brand {n % 4}"] for n in range(ITEMS))]


class Shop:
    """A folder of tables to be spoiled: `write` puts a table there, `made` builds two cells of it."""

    def __init__(self, raw: Path) -> None:
        self.raw, self.folder = raw, raw / "shop"
        self.folder.mkdir(parents=True)
        self.interactions, self.items = interactions(), items()

    def write(self, *, ending: str = ".csv", delimiter: str = ",", encoding: str = "utf-8") -> Shop:
        for name, rows in (("interactions", self.interactions), ("items", self.items)):
            text = io.StringIO()
            csv.writer(text, delimiter=delimiter).writerows(rows)
            content = text.getvalue().encode(encoding)
            path = self.folder / f"{name}{ending}"
            path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
        return self

    def parquet(self, **changes: Callable[[pd.Series], Any]) -> Shop:
        for name, (header, *rows) in (("interactions", self.interactions), ("items", self.items)):
            frame = pd.DataFrame(rows, columns=header)
            for column in set(changes) & set(header):
                frame[column] = changes[column](frame[column])
            frame.to_parquet(self.folder / f"{name}.parquet")
        return self

    def column(self, name: str, change: Callable[[Any, int], Any]) -> Shop:
        for table in (self.interactions, self.items):
            if name in table[0]:
                place = table[0].index(name)
                for number, row in enumerate(table[1:]):
                    row[place] = change(row[place], number)
        return self

    def rename(self, **names: str) -> Shop:
        for table in (self.interactions, self.items):
            table[0] = [names.get(name, name) for name in table[0]]
        return self

    def put(self, name: str, content: str | bytes) -> Shop:
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def replace(self, name: str, old: str, new: str, *, end: str = "") -> Shop:
        return self.put(name, (self.folder / name).read_bytes().decode().replace(old, new) + end)

    def settings(self, text: str) -> Shop:
        (self.folder / "source.toml").write_text(text)
        return self

    def made(self, cache: Path, *configs: str) -> dict[str, Any]:
        """Build; the rows of the first cell's train split, and what is said of it."""
        settings = Settings(raw=self.raw, cache=cache, warn=lambda text: None)
        changes = {"positives": 3} if configs == ("tkr-shop",) else {}
        outcomes = build_folder(self.raw.parent / "out", settings, configs=configs or ["nir-shop"], changes=changes)
        return {o.cell: (sum(o.counts.values()), o.note) for o in outcomes}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "raw")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The cell that the tables make as they are."""
    home = tmp_path_factory.mktemp("plain")
    Shop(home / "raw").write().made(home / "cache")
    return built(home)


def built(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((home / "out/nir-shop").iterdir()))


SAME: dict[str, Callable[[Shop], Any]] = {
    "separated by semicolons": lambda s: s.write(delimiter=";"),
    "separated by bars": lambda s: s.write(delimiter="|"),
    "separated by tabs": lambda s: s.write(delimiter="\t", ending=".tsv"),
    "tabs in a .csv": lambda s: s.write(delimiter="\t"),
    "compressed": lambda s: s.write(ending=".csv.gz"),
    "compressed, tabs": lambda s: s.write(ending=".tsv.gz", delimiter="\t"),
    "a byte order mark": lambda s: s.write(encoding="utf-8-sig"),
    "UTF-16": lambda s: s.write(encoding="utf-16"),
    "file names in capitals": lambda s: s.write(ending=".CSV"),
    "column names in capitals": lambda s: s.rename(user="USER", item="Item", title="Title", timestamp="TimeStamp").write(),
    "other column names": lambda s: s.rename(user="user_id", item="product").settings(
        'columns = { user = "user_id", item = "product" }').write(),
    "milliseconds": lambda s: s.column("timestamp", lambda t, n: t * 1_000).write(),
    "nanoseconds": lambda s: s.column("timestamp", lambda t, n: t * 10**9).write(),
    "fractions of seconds": lambda s: s.column("timestamp", lambda t, n: f"{t}.0").write(),
    "ISO moments": lambda s: s.column("timestamp", lambda t, n: pd.Timestamp(t, unit="s").isoformat()).write(),
    "moments with a zone": lambda s: s.column(
        "timestamp", lambda t, n: pd.Timestamp(t, unit="s", tz="UTC").tz_convert("Asia/Tokyo").isoformat()).write(),
    "moments in Z": lambda s: s.column("timestamp", lambda t, n: pd.Timestamp(t, unit="s").isoformat() + "Z").write(),
    "names that differ by table": lambda s: s.rename(user="user_id", item="sku").settings(
        'columns = { user = ["user_id"], item = ["product", "sku"] }').write() and s.replace("items.csv", "sku", "product"),
    "an index that pandas named": lambda s: [row.insert(0, n or "Unnamed: 0") for n, row in enumerate(s.items)] and s.write(),
    "times in a form of their own": lambda s: s.column(
        "timestamp", lambda t, n: pd.Timestamp(t, unit="s").strftime("%d.%m.%Y %H:%M:%S")
        ).settings('time_format = "%d.%m.%Y %H:%M:%S"').write(),
    "line ends of Windows": lambda s: s.write() and s.replace("items.csv", "\r\n", "\n"),
    "empty lines at the end": lambda s: s.write() and s.replace("items.csv", "Brand 1", "Brand 1", end="\r\n\r\n"),
    "another separator in each table": lambda s: s.write() and s.replace("items.csv", ",", ";"),
    "Parquet": lambda s: s.parquet(),
    "Parquet with moments": lambda s: s.parquet(timestamp=lambda t: pd.to_datetime(t, unit="s")),
    "Parquet with zoned moments": lambda s: s.parquet(
        timestamp=lambda t: pd.to_datetime(t, unit="s", utc=True).dt.tz_convert("Europe/Berlin")),
}  # fmt: skip


@pytest.mark.parametrize("how", SAME)
def test_the_same_tables_written_otherwise_make_the_same_cell(how, shop, plain, tmp_path):
    SAME[how](shop)
    shop.made(tmp_path / "cache")
    assert built(tmp_path) == plain


def test_whole_numbers_with_a_needless_point_are_the_same_ids_and_attributes(shop, tmp_path):
    for row in (*shop.interactions[1:], *shop.items[1:]):
        place = 1 if len(row) == 4 else 0
        row[place] = int(row[place][1:])
    shop.items = [[*row, "year" if row[0] == "item" else 2000 + row[0]] for row in shop.items]
    shop.write().made(tmp_path / "cache", "tui-shop")
    plain = (tmp_path / "out/tui-shop/train-00000-of-00001.parquet").read_bytes()
    shop.column("item", lambda i, n: f"{i}.0").column("year", lambda y, n: f"{y}.0").write()
    shop.made(tmp_path / "cache", "tui-shop")
    assert (tmp_path / "out/tui-shop/train-00000-of-00001.parquet").read_bytes() == plain and b"year: 20" in plain


def test_days_written_as_numbers_are_days(shop):
    source = own_source(shop.column("timestamp", lambda t, n: 20240101 + n % 28).write().folder)
    assert "timestamps are read as days, such as 20240531" in source.remarks


def test_a_column_to_be_ignored_is_in_no_prompt(shop, tmp_path):
    shop.items = [[*row, "colour" if row[0] == "item" else "red"] for row in shop.items]
    shop.settings('ignore = ["brand", "rating"]').column("rating", lambda r, n: "like").write()
    shop.made(tmp_path / "cache", "tui-shop")
    assert not any("brand" in text for text in pd.read_parquet(tmp_path / "out/tui-shop")["input"])


SPOILT = {
    "record.json": lambda data: data[:-9],
    "interactions.parquet": lambda data: data[:100] + b"x" + data[101:],
    "rows.parquet": lambda data: b"",
    "sha256": lambda data: b"[1]",
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_cache_that_was_spoilt_is_made_again(what, shop, plain, tmp_path, monkeypatch):
    monkeypatch.setattr(hashing, "SMALL", 0)  # the hashes of small files are not kept
    shop.write().made(tmp_path / "cache")
    spoilt = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and what in path.as_posix()]
    for path in spoilt:
        path.write_bytes(SPOILT[what](path.read_bytes()))
    shutil.rmtree(tmp_path / "out")
    shop.made(tmp_path / "cache")
    assert spoilt and built(tmp_path) == plain


def test_an_index_column_without_a_name_is_ignored(shop, plain, tmp_path):
    for table in (shop.interactions, shop.items):
        for number, row in enumerate(table):
            row.insert(0, number - 1 if number else "")
    shop.write().made(tmp_path / "cache")
    assert built(tmp_path) == plain


def test_a_list_in_parquet_is_an_attribute_of_its_values(shop, tmp_path):
    shop.parquet(brand=lambda brands: [["red", "small"]] * len(brands)).made(tmp_path / "cache", "tui-shop")
    row = pd.read_parquet(tmp_path / "out/tui-shop").iloc[0]
    assert "brand: red, small" in row["input"]


def test_some_ratings_may_be_missing(shop, tmp_path):
    shop.column("rating", lambda r, n: "" if n % 3 == 0 else r).write()
    made = shop.made(tmp_path / "cache", "nir-shop", "tui-shop")
    assert made["nir-shop"][0] == USERS and made["tui-shop"][0] == ITEMS


@pytest.mark.parametrize(
    ("change", "low", "high", "step", "decimals"),
    [
        (lambda r: r, 1, 5, 1, 0),
        (lambda r: f"{r}.0", 1, 5, 1, 0),
        (lambda r: r / 2, 0.5, 2.5, 0.5, 1),
        (lambda r: 20 * r, 20, 100, 20, 0),
        (lambda r: -r, -5, -1, 1, 0),
    ],
)
def test_a_scale_that_is_not_given_is_taken_from_the_ratings_and_reported(shop, change, low, high, step, decimals):
    source = own_source(shop.column("rating", lambda r, n: change(r)).write().folder)
    scale = source.scale
    assert (scale.low, scale.high, scale.step, scale.decimals) == (low, high, step, decimals)
    assert "are taken for a scale of" in source.remarks[-1]


def test_decimal_commas_are_read_where_commas_do_not_separate(shop):
    source = own_source(shop.column("rating", lambda r, n: f"{r / 2}".replace(".", ",")).write(delimiter=";").folder)
    assert (source.scale.low, source.scale.high, source.scale.step) == (0.5, 2.5, 0.5)


@pytest.mark.parametrize("change", [lambda r, n: 4, lambda r, n: 1 + n * 13 % 977, lambda r, n: ""])
def test_ratings_that_show_no_scale_are_not_used_and_that_is_reported(shop, change):
    source = own_source(shop.column("rating", change).write().folder)
    assert source.scale is None and "are not used" in source.remarks[-1]


def test_ratings_between_the_steps_are_left_out_counted_and_never_rounded(shop, tmp_path):
    shop.column("rating", lambda r, n: r + 0.5 if n % 3 == 0 and r < 5 else r).settings(
        "scale = { low = 1, high = 5, step = 1 }").write()  # fmt: skip
    ((count, note),) = shop.made(tmp_path / "cache", "tui-shop").values()
    lost = sum(isinstance(row[3], float) for row in shop.interactions[1:])
    assert f"interactions: {lost} of {USERS * EACH} rows left out: rating between the steps of the scale" in note
    assert count == ITEMS


def test_a_fifth_of_the_rows_without_items_is_a_warning(shop, tmp_path):
    shop.items = shop.items[:21]
    assert "rows left out: item unknown or without title" in shop.write().made(tmp_path / "cache")["nir-shop"][1]


# mistakes that end in one line

NAMED: dict[str, tuple[Callable[[Shop], Any], str]] = {
    "ids as decimals": (
        lambda s: [row.__setitem__(1, f"{int(row[1][1:])}.0") for row in s.interactions[1:]] and s.write(),
        r"shop/interactions: 144 of 144 rows name items that are not in items.*other ids",
    ),
    "ids with zeros": (
        lambda s: [row.__setitem__(0, str(int(row[0][1:]))) for row in s.items[1:]]
        and [row.__setitem__(1, '0' + row[1][1:]) for row in s.interactions[1:]] and s.write(),
        r"'000', '001', '002' against '0', '1', '2' \(the same things written otherwise\)",
    ),
    "ratings on another scale": (
        lambda s: s.column("rating", lambda r, n: 20 * r).settings("scale = { low = 1, high = 5, step = 1 }").write(),
        "144 of 144 interactions are left out: rating off the scale, such as 20, 40, 60; want 1 to 5",
    ),
    "a rating in words": (
        lambda s: s.column("rating", lambda r, n: "five" if n == 5 else r).write(),
        "shop/interactions.csv line 7: .*five.*, want a rating that is a number .*; correct the file",
    ),
    "a rating in words, Parquet": (
        lambda s: s.parquet(rating=lambda r: ["five" if n == 5 else str(x) for n, x in enumerate(r)]),
        "shop/interactions.parquet line 6: .*five.*, want a rating that is a number",
    ),
    "a date that is not ISO": (
        lambda s: s.column("timestamp", lambda t, n: "31/12/2020").write(),
        "shop/interactions.csv line 2: .*31/12/2020.*, want a time in seconds or as an ISO date",
    ),
    "an interaction without user": (
        lambda s: s.interactions[4].__setitem__(0, "") or s.write(),
        "shop/interactions.csv line 5: .*, want user",
    ),
    "Latin-1": (
        lambda s: s.column("title", lambda t, n: f"{t} é").write(encoding="latin-1"),
        "shop/items.csv line 2: bytes that are not UTF-8; want UTF-8; save the file as UTF-8",
    ),
    "UTF-16 without a mark": (
        lambda s: s.write(encoding="utf-16-le"),
        "without a byte order mark; want UTF-8",
    ),
    "other column names": (
        lambda s: s.rename(user="user_id").write(),
        r"interactions.csv: columns user_id, item.*; want also user; .*columns = \{ user = \"user_id\" \}",
    ),
    "a column twice": (
        lambda s: s.rename(brand="title").write(),
        "shop/items.csv: 2 columns 'title'; want one",
    ),
    "a column twice but for case": (
        lambda s: s.rename(brand="TITLE", title="Title").write(),
        "shop/items.csv: 2 columns 'title'; want one",
    ),
    "an empty file": (lambda s: s.write() and (s.folder / "items.csv").write_text(""), "items.csv: an empty first line"),
    "a name over two lines": (
        lambda s: s.rename(brand="the\nbrand").write(),
        r"shop/items.csv line 1: the name of a column, 'the.nbrand', goes over several lines",
    ),
    "no rows": (
        lambda s: s.write() and (s.folder / "interactions.csv").write_text("user,item\n"),
        "interactions.csv: no rows below the names",
    ),
    "a file called almost so": (
        lambda s: s.write() and (s.folder / "interactions.csv").rename(s.folder / "interaction.csv"),
        "shop: interaction.csv; want interactions.csv .*rename it",
    ),
    "a spreadsheet": (
        lambda s: s.write() and (s.folder / "interactions.csv").rename(s.folder / "interactions.xlsx"),
        "interactions.xlsx, which is not read; .*save it so",
    ),
    "one table missing": (
        lambda s: s.write() and (s.folder / "items.csv").unlink(),
        "no items.csv or items.parquet, but interactions.csv; want items.csv",
    ),
    "a table twice": (lambda s: s.write() and s.parquet(), "interactions.csv and interactions.parquet, the same table twice"),
    "a file cut short": (
        lambda s: s.write(ending=".csv.gz")
        and (s.folder / "items.csv.gz").write_bytes((s.folder / "items.csv.gz").read_bytes()[:80]),
        "shop/items.csv.gz: ",
    ),
    "Parquet cut short": (
        lambda s: s.parquet()
        and (s.folder / "items.parquet").write_bytes((s.folder / "items.parquet").read_bytes()[:80]),
        "shop/items.parquet: ",
    ),
    "a field too many": (
        lambda s: s.interactions[4].append("9") or s.write(),
        r"interactions.csv line 5: 5 fields in .*, want 4 \(user, item, timestamp, rating\); correct the file",
    ),
    "a label that is no column": (
        lambda s: s.settings('label = "colour"').write(),
        "no column of items.csv for label in shop/source.toml 'colour'; have: brand",
    ),
    "true in quotes": (lambda s: s.settings('redistributable = "no"').write(), "redistributable: 'no'; want true or false"),
    "a scale upside down": (
        lambda s: s.settings("scale = { low = 5, high = 1, step = 1 }").write(), "low 5, high 1; want low below high",
    ),
    "a scale without steps": (
        lambda s: s.settings("scale = { low = 1, high = 5, step = 0 }").write(), "step 0; want a step above 0",
    ),
    "steps that do not fit": (
        lambda s: s.settings("scale = { low = 1, high = 5, step = 3 }").write(), "step 3 from 1 to 5; want whole steps",
    ),
    "a scale in words": (
        lambda s: s.settings('scale = { low = "one", high = 5, step = 1 }').write(), "scale.low: 'one'; want a number",
    ),
    "a scale that is a number": (lambda s: s.settings("scale = 5").write(), "scale: 5; want a table of low, high, step"),
    "an infinite scale": (
        lambda s: s.settings("scale = { low = 1, high = inf, step = 1 }").write(), "scale.high: inf; want a number",
    ),
    "a like off the scale": (
        lambda s: s.settings("liked_above = 9").write(), "liked_above: 9; want 1 to 5, the scale of the ratings",
    ),
    "a like that is true": (lambda s: s.settings("liked_above = true").write(), "liked_above: True; want a number"),
    "words that are numbers": (
        lambda s: s.settings("[words]\nitem = 1\nitems = 2\ndo = 3\ndid = 4\ndoing = 5").write(),
        "words.item: 1; want a text of one line",
    ),
    "a word of two lines": (lambda s: s.settings('title = "a\\nb"').write(), "title: .*; want a text of one line"),
    "an empty title": (lambda s: s.settings('title = " "').write(), "title: ' '; want a text of one line"),
    "columns that are a list": (lambda s: s.settings("columns = [1]").write(), "columns: .*; want a table such as"),
    "a column of no meaning": (
        lambda s: s.settings('columns = { colour = "x" }').write(), "no column in shop/source.toml columns 'colour'",
    ),
    "a column that source.toml alone knows": (
        lambda s: s.settings('columns = { rating = "Stars" }').write(),
        "no column of interactions.csv for rating in shop/source.toml 'Stars'; have: user, item, timestamp, rating",
    ),
    "an ignored column that is not there": (
        lambda s: s.settings('ignore = ["colour"]').write(),
        "no column of interactions.csv, items.csv for ignore in shop/source.toml 'colour'; have: ",
    ),
    "a form of times without a form": (
        lambda s: s.settings('time_format = "yyyy-mm-dd"').write(), "time_format: 'yyyy-mm-dd'; want a form of strptime",
    ),
    "a form of times that cannot be": (lambda s: s.settings('time_format = "%Q"').write(), "'%Q'; want a form of strptime"),
    "a form that the times have not": (
        lambda s: s.settings('time_format = "%d.%m.%Y"').write(),
        "interactions.csv line 2: .* want a time in the form '%d.%m.%Y', as source.toml says",
    ),
    "two tables without their columns": (
        lambda s: s.rename(user="who", item="what").write(),
        r"interactions.csv: .*want also user, item; shop/items.csv: .*want also item; .*user = \"who\", item = \"what\" \}",
    ),
    "no names of columns": (
        lambda s: s.interactions.pop(0) and s.write(), "columns u0, i00, .*make the names of the columns the first line",
    ),
    "a line above the names": (lambda s: s.write() and s.put("items.csv", "# of 2024\nitem,title\n"), "the first line"),
    "an empty line above the names": (lambda s: s.write() and s.put("items.csv", "\nitem,title\n"), "an empty first line"),
    "a pointer of Git LFS": (
        lambda s: s.write() and s.put("items.csv", "version https://git-lfs.github.com/spec/v1\n"), "run git lfs pull",
    ),
    "a web page": (lambda s: s.write() and s.put("items.csv", "<!DOCTYPE html>\n<p>"), "a web page; .*get the file itself"),
    "JSON": (lambda s: s.write() and s.put("items.csv", '{"item": 1}\n'), "JSON; .*save it as CSV"),
    "a spreadsheet under another name": (
        lambda s: s.write() and s.put("items.csv", b"PK\x03\x04" + bytes(50)), "a spreadsheet or an archive; .*save it",
    ),
    "Parquet under another name": (
        lambda s: s.parquet() and (s.folder / "items.parquet").rename(s.folder / "items.csv"), "Parquet; .*name it .parquet",
    ),
    "compressed under another name": (
        lambda s: s.write(ending=".csv.gz") and (s.folder / "items.csv.gz").rename(s.folder / "items.csv"), "name it .csv.gz",
    ),
    "no titles": (lambda s: s.column("title", lambda t, n: "").write(), "items: none has a title; want a title for each"),
    "users of other ids": (
        lambda s: s.write() and s.put("users.csv", "user,age\nx1,20\nx2,30\n"),
        "users.csv: no user of interactions.csv is there: 'u0', 'u1', 'u10' against 'x1', 'x2'; .*or remove this table",
    ),
    "an unknown setting": (
        lambda s: s.settings("scal = 1").write(), "no setting in shop/source.toml 'scal'; did you mean scale",
    ),
    "no TOML": (lambda s: s.settings("scale = [").write(), "shop/source.toml: .*; want TOML in UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", NAMED)
def test_a_mistake_ends_in_one_line_that_names_it(mistake, shop, tmp_path):
    spoil, message = NAMED[mistake]
    spoil(shop)
    with pytest.raises(ItdrError, match=message) as error:
        shop.made(tmp_path / "cache")
    assert "\n" not in str(error.value) and not (tmp_path / "out/nir-shop").exists()


def test_users_that_stand_in_another_order_than_those_who_act_are_found(shop, monkeypatch):
    monkeypatch.setattr(values, "LOOKED_AT", 3)
    others = "".join(f"x{n},{20 + n}\n" for n in range(5))
    shop.write().put("users.csv", f"user,age\n{others}u0,30\n")
    assert [attribute.name for attribute in own_source(shop.folder).user_attributes] == ["age"]


def test_a_broken_folder_spoils_nothing_but_its_own_cells(shop, tmp_path):
    shop.write()
    (broken := shop.raw / "broken").mkdir()
    (broken / "items.csv").write_text("item,name\n1,x\n")
    assert [each.folder.name for each in found_in(shop.raw, ()) if each.error] == ["broken"]
    assert shop.made(tmp_path / "cache")["nir-shop"][0] == USERS
    with pytest.raises(MissingFileError, match="broken: no interactions.csv"):
        shop.made(tmp_path / "cache", "nir-broken")
    settings = Settings(raw=shop.raw, cache=tmp_path / "cache", warn=lambda text: None)
    with pytest.raises(CellsFailedError, match="broken: no interactions.csv") as error:
        build_folder(tmp_path / "all", settings)
    assert any(o.state == "built" for o in error.value.outcomes)


def test_a_raw_folder_that_is_itself_the_tables_is_named(shop):
    with pytest.raises(MissingFileError, match="a table of your own; want the folder above"):
        found_in(shop.write().folder, ())


def test_a_changed_setting_is_read_again(shop, tmp_path):
    shop.write().made(tmp_path / "cache")
    shop.settings("scale = { low = 1, high = 3, step = 1 }")
    note = shop.made(tmp_path / "cache")["nir-shop"][1]
    assert "rating off the scale" in note


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        own_source(tmp_path / "nowhere")
