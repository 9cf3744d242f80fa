"""InstructRec on tables of one's own: what they suffice for, in an odd encoding, with odd titles; and what is too small."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from itdr_hf.cli.app import app


def write(folder: Path) -> set[str]:
    """A shop of forty items and thirty users in UTF-16 with semicolons; return the titles."""
    folder.mkdir(parents=True)
    rng, kinds = random.Random(1), ("Tea", "Coffee", "Bread & Buns")
    items = [(f"SKU-{n:03d}", f'{kinds[n % 3]} "{n}" ça va', kinds[n % 3]) for n in range(40)]
    rows = [
        (f"U {user:02d}", items[item][0], rng.randint(1, 5), 1_500_000_000 + 86_400 * place)
        for user in range(30)
        for place, item in enumerate(rng.sample(range(40), 12))
    ]
    tables = {
        "items": [("item", "title", "category"), *items],
        "interactions": [("user", "item", "rating", "timestamp"), *rows],
    }
    for name, lines in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-16") as file:
            csv.writer(file, delimiter=";").writerows(lines)
    (folder / "source.toml").write_text('label = "category"\n', encoding="utf-8")
    return {title for _, title, _ in items}


def test_own_tables_feed_every_scenario_they_suffice_for_without_being_named(tmp_path, monkeypatch):
    titles = write(tmp_path / "raw" / "shop")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["build", "--family", "instructrec", "--raw", "raw", "--cache", "cache"])
    assert done.exit_code == 0, done.output
    for scenario, forms in (
        ("seqrec", {"P1-I0-T3"}),
        ("search", {"P0-I2-T3", "P0-P2-T3"}),
        ("persearch", {"P1-I2-T3", "P1-P2-T3"}),
    ):
        files = sorted(
            (tmp_path / "instructrec" / f"{scenario}-shop").glob("[tv][ea][sl]*.parquet")
        )  # test, validation
        rows = [row for file in files for row in pq.read_table(file).to_pylist()]
        asked = {row["template"].partition(":")[0].partition("/")[2] for row in rows}
        assert rows and asked <= forms and asked
        assert all(set(row["candidates"]) <= titles and row["output"] in row["candidates"] for row in rows)


def shop(folder: Path, users: int, items: int, each: int, columns: tuple[str, ...] = ()) -> None:
    """Tables of a shop in which every user has so many interactions; without `columns`."""
    folder.mkdir(parents=True)
    rng = random.Random(1)
    rows = [
        {
            "user": f"u{user}",
            "item": f"i{item}",
            "rating": rng.randint(1, 5),
            "timestamp": 1_500_000_000 + 86_400 * place,
        }
        for user in range(users)
        for place, item in enumerate(rng.sample(range(items), each))
    ]
    kinds = ("Tea", "Coffee", "Buns")
    catalogue = [{"item": f"i{n}", "title": f"{kinds[n % 3]} {n}", "category": kinds[n % 3]} for n in range(items)]
    for name, lines in (("interactions", rows), ("items", catalogue)):
        kept = [column for column in lines[0] if column not in columns]
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, kept, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(lines)
    label = "" if "category" in columns else 'label = "category"\n'
    (folder / "source.toml").write_text(label, encoding="utf-8")


def build(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["build", "--family", "instructrec", "--raw", "raw", "--cache", "cache", *words])
    return done.exit_code, " ".join(f"{done.output} {done.exception}".split())


@pytest.mark.parametrize(
    ("users", "items", "each", "found"),
    [
        (5, 30, 12, "its 5-core is empty"),  # hardly an item of five users
        (30, 1, 1, "its 5-core is empty"),
        (40, 40, 3, "its 5-core is empty"),  # users of three interactions
        (30, 6, 6, "left out: 6 too few other items; want a larger release, or fewer --negatives"),
    ],
    ids=["five users", "one item", "three interactions each", "six items"],
)
def test_a_release_that_is_too_small_says_what_it_lacks(users, items, each, found, tmp_path, monkeypatch):
    shop(tmp_path / "raw" / "shop", users, items, each)
    monkeypatch.chdir(tmp_path)
    code, output = build("--config", "search-shop")
    assert code == 1 and found in output


def test_a_release_without_times_feeds_the_search_for_products_alone(tmp_path, monkeypatch):
    shop(tmp_path / "raw" / "shop", 30, 40, 12, ("timestamp",))
    monkeypatch.chdir(tmp_path)
    code, output = build("--num-examples", "20")
    assert code == 0, output
    assert [path.name for path in (tmp_path / "instructrec").iterdir() if path.is_dir()] == ["search-shop"]


def test_a_domain_that_a_source_does_not_have_is_named_before_anything_is_read(tmp_path, monkeypatch):
    shop(tmp_path / "raw" / "shop", 30, 16, 6)
    monkeypatch.chdir(tmp_path)
    code, output = build("--config", "*-shop", "--domain", "Books")
    assert code == 1 and "domain=Books: not a domain of shop; it has none; leave it out" in output
    code, output = build("--config", "seqrec-amazon2018", "--domain", "Books")
    wanted = "domain=Books: not a domain of amazon2018; have: CDs_and_Vinyl, Video_Games; choose one"
    assert code == 1 and wanted in output
