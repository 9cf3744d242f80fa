"""InstructRec on tables of one's own: every scenario that they suffice for, in an odd encoding, with odd titles."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pyarrow.parquet as pq
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
