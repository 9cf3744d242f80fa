"""Custom data from the command line: found beside the releases, remembered by what was built of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from itdr_hf import catalogue
from itdr_hf.dataset import Dataset
from itdr_hf.errors import MissingFileError, UsageError
from itdr_hf.raw.release import find_release
from itdr_hf.sources.own import described, own_source, recalled

SETTINGS = """
title = "My shop"
label = "brand"
[words]
item = "product"
items = "products"
do = "buy"
did = "bought"
doing = "buying"
[scale]
low = 1
high = 5
step = 1
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 people, 60 things, 14 interactions each, and what they are called."""
    home = tmp_path_factory.mktemp("own") / "raw"
    shop = home / "my-shop"
    shop.mkdir(parents=True)
    things = "\n".join(f'{n:03d},"Thing {n}, the better one",Brand {n % 5}' for n in range(60))
    rows = [f"u{u},{(7 * u + 11 * k) % 60:03d},{1000 * k + u},{1 + (u + k) % 5}" for u in range(40) for k in range(14)]
    people = "\n".join(f"u{u},{20 + u}" for u in range(40))
    (shop / "items.csv").write_text(f"item,title,brand\n{things}\n")
    (shop / "interactions.csv").write_text("user,item,timestamp,rating\n" + "\n".join(rows) + "\n")
    (shop / "users.csv").write_text(f"user,age\n{people}\n")
    (shop / "source.toml").write_text(SETTINGS)
    return home


def itdr(*arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, "-m", "itdr_hf", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "mine"
    itdr("build", "--raw", raw, "--out", out, "--positives", "3")
    return out


def test_tables_beside_the_releases_are_found_and_all_they_feed_is_built(raw, built):
    states = {s["source"]: s for s in json.loads(itdr("sources", "--raw", raw, "--json"))}
    assert states["my-shop"]["state"] == "present" and "tkr-my-shop" in states["my-shop"]["cells"]
    shown = json.loads(itdr("show", built, "tkr-my-shop", "--split", "train", "--json"))
    assert shown["input"].startswith("These are the products a user bought, oldest first:\n1. Thing ")
    assert len(shown["targets"]) == 3 and len(shown["candidates"]) == 8


def test_every_command_knows_the_cells_of_a_folder_that_somebody_built_of_their_own(built, tmp_path):
    assert json.loads(itdr("audit", built, "--json"))["breaches"] == 0
    assert "tkr-my-shop" in itdr("stats", built)
    assert "rp-my-shop" in itdr("ledger", built)
    itdr("predict", built, "--baseline", "user-mean", "--config", "rp-my-shop", "--out", tmp_path / "p.parquet")
    scored = json.loads(itdr("score", tmp_path / "p.parquet", built, "--json", "--replicates", "20"))
    assert "rp-my-shop" in json.dumps(scored)
    assert not [row for row in scored["figures"] if row["kind"] == "paper"]  # not even next to the totals
    itdr("report", built, "--out", tmp_path / "page.html")
    assert "My shop" in (tmp_path / "page.html").read_text()
    itdr("export", built, "--format", "jsonl", "--out", tmp_path / "exported")


def test_plain_load_dataset_of_ours_finds_them_too(raw):
    code = (
        f"import itdr_hf; print(itdr_hf.load_dataset('itdr', 'nir-my-shop', data_dir={str(raw)!r})['train'].num_rows)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 20


def test_a_source_is_recalled_as_it_was_described(raw):
    source = own_source(raw / "my-shop")
    assert source.title == "My shop" and source.words.did == "bought" and source.liked_above == 3
    again = recalled(json.loads(json.dumps(described(source))))
    assert described(again) == described(source) and again.words == source.words and again.scale == source.scale


def test_a_source_met_in_a_folder_gives_way_to_its_tables_and_those_to_one_that_is_registered(raw, built):
    try:
        met = Dataset.open(built).catalogue
        assert "tui-my-shop" in met.cell_names() and "my-shop" not in catalogue.source_ids()
        with pytest.raises(MissingFileError, match="my-shop: known only from a built dataset; want its tables"):
            find_release(met.source("my-shop"), raw)
        assert find_release(catalogue.current().with_found(raw).source("my-shop"), raw).tables
        catalogue.register(own_source(raw / "my-shop", title="Our shop"))
        assert catalogue.current().with_found(raw).source("my-shop").title == "Our shop"
        assert Dataset.open(built).catalogue.source("my-shop").title == "Our shop"
    finally:
        catalogue.unregister("my-shop")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scale = [", "shop/source.toml: Invalid value"),
        (
            "lable = 'brand'",
            r"no setting in shop/source.toml 'lable'; (did you mean \w+\? )?have: words, scale, liked_above",
        ),
        ("[words]\nitem = 'x'", r"shop/source.toml words: no items, do, did, doing; want item"),
        (
            "[scale]\nlow = 1\nhigh = 5\nstep = 1\ntop = 3",
            "no setting in shop/source.toml scale 'top'; have: low, high",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_named(tmp_path, text, said):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/items.csv").write_text("item,title\n1,x\n")
    (tmp_path / "shop/interactions.csv").write_text("user,item\n1,1\n")
    (tmp_path / "shop/source.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        own_source(tmp_path / "shop")


def test_a_folder_whose_name_cannot_be_part_of_a_config_is_refused(tmp_path):
    with pytest.raises(UsageError, match="'my shop' as an id; want letters, digits"):
        own_source(tmp_path / "my shop")
