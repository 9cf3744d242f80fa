"""itdr init: a source.toml that says what the tables show, and reads back as the same source."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.errors import OutputError, RawDataError
from itdr_hf.sources.own import draft_settings, own_source


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (folder := tmp_path / "raw/shop").mkdir(parents=True)
    rows = [f"u{u};i{i};2024-01-{1 + i:02d};{(1 + (u + i) % 9) / 2}" for u in range(6) for i in range(12)]
    (folder / "interactions.csv").write_text("Customer_ID;sku;date;stars\n" + "\n".join(rows) + "\n")
    things = "\n".join(f'i{i},"Thing ""{i}""",Brand {i % 3}' for i in range(12))
    (folder / "items.csv").write_text(f'sku,product_name,"the ""brand"""\n{things}\n')
    return folder


def test_what_was_found_reads_back_as_the_same_source(shop):
    drafted = draft_settings(shop)
    again = own_source(shop)
    assert (again.words, again.scale, again.title) == (drafted.words, drafted.scale, drafted.title)
    assert (again.scale.low, again.scale.high, again.scale.step, again.scale.decimals) == (0.5, 4.5, 0.5, 1)
    assert again.item_attributes == drafted.item_attributes and again.by_time


def test_columns_of_other_names_are_guessed_and_marked_as_guesses(shop):
    draft_settings(shop)
    (line,) = [line for line in (shop / "source.toml").read_text().splitlines() if line.startswith("columns")]
    guessed = '{ user = "Customer_ID", item = "sku", timestamp = "date", rating = "stars", title = "product_name" }'
    assert line == f"columns = {guessed}  # guessed by their names: check"


def test_a_file_that_is_there_is_replaced_only_when_asked_to(shop):
    (shop / "source.toml").write_text('title = "mine"\n')
    with pytest.raises(OutputError, match="shop/source.toml: is here already; want none; edit it, or replace it"):
        draft_settings(shop)
    assert (shop / "source.toml").read_text() == 'title = "mine"\n'
    draft_settings(shop, replace=True)
    assert "Customer_ID" in (shop / "source.toml").read_text()


def test_what_a_person_has_said_is_kept_when_the_file_is_replaced(shop):
    said = 'columns = { user = "Customer_ID" }\nlabel = "the \\"brand\\""\nlicence = "ours"\nredistributable = true\nliked_above = 3.5\n'
    (shop / "source.toml").write_text(said)
    before = own_source(
        shop,
        columns={"user": "Customer_ID", "item": "sku", "title": "product_name", "rating": "stars", "timestamp": "date"},
    )
    drafted = draft_settings(shop, replace=True)
    for name in ("label", "licence", "redistributable", "scale", "words"):
        assert getattr(drafted, name) == getattr(own_source(shop), name) == getattr(before, name), name
    assert "guessed by their names: item" in (shop / "source.toml").read_text()


def test_tables_that_cannot_be_read_leave_nothing_behind(shop):
    (shop / "items.csv").write_text("sku,colour\n1,red\n")
    with pytest.raises(RawDataError, match="items.csv: columns sku, colour; want also title"):
        draft_settings(shop)
    assert not (shop / "source.toml").exists()


def test_columns_that_tables_share_are_guessed_by_that_and_listed_where_names_differ(shop):
    rows = (shop / "interactions.csv").read_text().replace("Customer_ID;sku;", "Kunde;Artikel;")
    (shop / "interactions.csv").write_text(rows)
    (shop / "items.csv").write_text(
        (shop / "items.csv").read_text().replace("sku,product_name", "ARTIKEL,product_name")
    )
    (shop / "users.csv").write_text("Client ID,age\n" + "".join(f"u{u},{20 + u}\n" for u in range(6)))
    with pytest.raises(RawDataError, match=r"interactions.csv: columns Kunde, .*; want also user; add them") as error:
        draft_settings(shop)
    assert 'user = ["Client ID", "Kunde"]' in str(error.value)
    (shop / "source.toml").write_text('columns = { user = ["Client ID", "Kunde"] }\n')
    source = draft_settings(shop, replace=True)
    assert [a.name for a in source.user_attributes] == [a.name for a in own_source(shop).user_attributes] == ["age"]


@pytest.mark.parametrize(("form", "guessed"), [("%d.%m.%Y %H:%M", True), ("%m/%d/%Y", True), ("%Y-%m-%d", False)])
def test_a_form_of_dates_is_guessed_where_it_alone_fits(shop, form, guessed):
    header, *rows = (shop / "interactions.csv").read_text().splitlines()
    cells = [row.split(";") for row in rows]
    dated = [[u, i, datetime(2024, 1, 20 + n % 9).strftime(form), r] for n, (u, i, _, r) in enumerate(cells)]
    (shop / "interactions.csv").write_text("\n".join([header, *map(";".join, dated)]))
    draft_settings(shop)
    assert (f'time_format = "{form}"' in (shop / "source.toml").read_text()) == guessed


def test_what_is_in_comments_works_when_it_is_uncommented(shop):
    (shop / "items.csv").write_text((shop / "items.csv").read_text().replace('"the ""brand"""', "main_brand"))
    draft_settings(shop)
    text = (shop / "source.toml").read_text()
    for name in ("label", "ignore"):
        (shop / "source.toml").write_text(text.replace(f"# {name} =", f"{name} ="))
        assert own_source(shop).item_attributes or name == "ignore"


def test_the_command_reads_the_tables_and_says_what_a_build_would_not_take(shop):
    (shop / "items.csv").write_text((shop / "items.csv").read_text().replace("\ni", "\n0"))
    done = CliRunner().invoke(app, ["init", str(shop)])
    assert isinstance(done.exception, RawDataError) and "name items that are not in items" in str(done.exception)
    assert "source.toml is written" in done.output and "tkr-shop" not in done.output


def test_the_command_names_the_cells_and_the_next_step(shop):
    done = subprocess.run(
        [sys.executable, "-m", "itdr_hf", "init", str(shop)], capture_output=True, text=True, check=True
    )
    assert "0.5 to 4.5 in steps of 0.5" in done.stdout and "tkr-shop" in done.stdout
    assert f"itdr build --raw {shop.parent}" in " ".join(done.stdout.split())
    told = subprocess.run(
        [sys.executable, "-m", "itdr_hf", "init", str(shop), "--force", "--json"], capture_output=True, text=True
    )
    assert "rp-shop" in json.loads(told.stdout)["cells"]
