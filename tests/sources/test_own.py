"""A 14th source and an 8th subtask from outside the package, as somebody with data of their own would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import itdr_hf
from itdr_hf import catalogue
from itdr_hf.errors import MissingFileError, RawDataError, UsageError
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reading.faults import ParsedAnswer
from itdr_hf.tasks.task import ExampleParts, Task


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """60 users, 90 items, 15 interactions each; ids that a careless reader would spoil."""
    folder = tmp_path / "raw/myshop"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    items = [f"{n:04d}X" for n in range(90)]
    pd.DataFrame({"item": items, "title": [f"Thing, no. {i}" for i in items], "brand": "Acme"}).to_csv(
        folder / "items.csv", index=False
    )
    rows = [(f"u{u}", i, int(t), r) for u in range(60) for t, (i, r) in enumerate(
        zip(rng.choice(items, 15, replace=False), rng.integers(1, 6, 15), strict=True))]  # fmt: skip
    pd.DataFrame(rows, columns=["user", "item", "timestamp", "rating"]).to_csv(folder / "interactions.csv", index=False)
    pd.DataFrame({"user": [f"u{u}" for u in range(60)], "age": 20 + rng.integers(0, 40, 60)}).to_csv(
        folder / "users.csv", index=False
    )
    return folder


@pytest.fixture
def registered(shop: Path) -> Iterator[list[str]]:
    source = itdr_hf.own_source(shop, scale=itdr_hf.RatingScale(low=1, high=5, step=1), label="brand")
    yield itdr_hf.register(source)
    catalogue.unregister("myshop")


def test_own_tables_feed_every_subtask_they_can(registered):
    assert registered == ["rp-myshop", "tkr-myshop", "nir-myshop", "uap-myshop", "ir-myshop", "tui-myshop"]


def test_cells_of_ones_own_load_like_the_papers(shop, registered):
    for name in registered:
        data = itdr_hf.load_dataset("itdr", name, data_dir=shop.parent)
        assert sum(map(len, data.values())) > 0, name
    ranked = itdr_hf.load_dataset("itdr", "tkr-myshop", data_dir=shop.parent, num_examples=20)
    assert sum(map(len, ranked.values())) == 20
    assert all(title.startswith("Thing, no. 0") and title.endswith("X") for title in ranked["train"][0]["candidates"])


def test_parquet_tables_give_the_same_examples_as_csv(shop, registered):
    one = itdr_hf.load_dataset("itdr", "nir-myshop", data_dir=shop.parent)
    for path in list(shop.glob("*.csv")):
        pd.read_csv(path, dtype={"item": str, "user": str}).to_parquet(path.with_suffix(".parquet"))
        path.unlink()
    catalogue.unregister("myshop")
    itdr_hf.register(itdr_hf.own_source(shop, scale=itdr_hf.RatingScale(low=1, high=5, step=1), label="brand"))
    two = itdr_hf.load_dataset("itdr", "nir-myshop", data_dir=shop.parent)
    assert {s: rows.to_list() for s, rows in one.items()} == {s: rows.to_list() for s, rows in two.items()}


def test_a_subtask_of_ones_own_is_one_record(shop):
    base = catalogue.task("nir")

    toy: Task = replace(
        base,
        id="first",
        title="First item",
        description="Say which came first.",
        templates={"default": "A user {did}:\n{history}\nWhich came first?"},
        slots=frozenset({"history"}),
        defaults={"history": 3},
        eligible=lambda g: queries.users_with(g, 3),
        gather=gather_three,
        example=lambda row, wording: ExampleParts(
            slots={"history": "\n".join(sorted(row["history"]))}, output=row["history"][0], targets=row["history"][:1]
        ),
        parse=lambda text, example, strict=False: ParsedAnswer((text.strip(),)),
    )
    try:
        (name,) = itdr_hf.register(itdr_hf.own_source(shop), tasks={"first": 40}, new_tasks=[toy])
        data = itdr_hf.load_dataset("itdr", name, data_dir=shop.parent)
        assert name == "first-myshop" and sum(map(len, data.values())) == 40
        assert data["train"][0]["output"] in data["train"][0]["input"]
        assert catalogue.select(["first"]) == ["first-myshop"]
    finally:
        catalogue.unregister("myshop")
    assert "first" not in catalogue.task_ids()


def gather_three(g, chosen):
    """The first three titles of each chosen user."""
    import ibis

    first = queries.titled(g, queries.first_by_time(queries.interactions_of(g, chosen), 3))
    made = first.group_by(queries.KEYS).agg(history=queries.in_order(first, "title"))
    return chosen.inner_join(made, queries.KEYS).mutate(left_out=ibis.null("string"))


def test_an_id_that_is_taken_is_refused(shop):
    taken = replace(itdr_hf.own_source(shop), id="steam")
    with pytest.raises(UsageError, match="source 'steam': this id is taken; want a new one"):
        itdr_hf.register(taken)


def test_a_missing_table_and_a_missing_column_are_named(shop):
    (shop / "items.csv").write_text("item,name\n1,x\n")
    with pytest.raises(
        RawDataError, match=r"myshop/items.csv: columns item, name; want also title; add them, or say in source.toml"
    ):
        itdr_hf.own_source(shop)
    (shop / "items.csv").unlink()
    with pytest.raises(
        MissingFileError,
        match="no items.csv or items.parquet, but interactions.csv, users.csv; want items.csv or items.parquet with item, title",
    ):
        itdr_hf.own_source(shop)
