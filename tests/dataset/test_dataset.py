"""A dataset folder as one object: opened once, read by cell and split, with a catalogue of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf import catalogue
from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.dataset import folder as module
from itdr_hf.dataset.ledger import LEDGER, sealed
from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS
from itdr_hf.sources.own import described

from .conftest import CELLS

NIR, TUI = CELLS


def test_a_cell_knows_its_task_source_and_files(whole):
    cell = Dataset.open(whole).cells[NIR]
    assert (cell.task, cell.source, cell.family) == ("nir", "movielens32m", "itdr")
    assert cell.examples == sum(facts.rows for facts in cell.files.values()) > 0
    assert [facts.rows for facts in cell.files_of("train")] == [cell.counts["train"]]


def test_rows_and_examples_are_read_by_cell_and_split(whole):
    dataset = Dataset.open(whole)
    ids = [row["id"] for split in SPLITS for row in dataset.rows(NIR, split, ["id"])]
    assert len(ids) == len(set(ids)) == dataset.cells[NIR].examples
    last = dataset.cells[NIR].counts["train"] - 1
    assert dataset.example(NIR, "train", last)["id"] == ids[last]
    with pytest.raises(UsageError, match=rf"{NIR} train: {last + 1} rows; want an index below that"):
        dataset.example(NIR, "train", last + 1)


@pytest.mark.parametrize("names", [["nir"], ["*-movielens32m"], [TUI, NIR], None])
def test_cells_are_selected_by_name_union_and_pattern(whole, names):
    assert Dataset.open(whole).select(names) == ([NIR] if names == ["nir"] else list(CELLS))


def with_a_custom_source(folder: Path) -> None:
    """Make the folder one whose NIR cell is of a task and a source that nobody registered, both with hyphens."""
    document = json.loads((folder / LEDGER).read_text())
    source = catalogue.source("movielens32m")
    entry = document["cells"].pop(NIR)
    document["cells"]["nir-my-shop"] = {**entry, "source": "my-shop"}
    document["cells"]["next-buy-my-shop"] = {**entry, "task": "next-buy", "source": "my-shop"}
    document["own"] = {"my-shop": {**described(source), "id": "my-shop", "title": "My shop"}}
    (folder / LEDGER).write_text(json.dumps(sealed(document)))
    (folder / NIR).rename(folder / "nir-my-shop")


def test_task_and_source_are_facts_of_the_ledger_and_not_read_out_of_a_name(folder):
    with_a_custom_source(folder)
    dataset = Dataset.open(folder)
    assert (dataset.task_of("next-buy-my-shop"), dataset.source_of("next-buy-my-shop")) == ("next-buy", "my-shop")
    assert dataset.cell("nir-my-shop").source.title == "My shop"


def test_reading_a_dataset_registers_nothing(folder):
    before = catalogue.current()
    with_a_custom_source(folder)
    known = Dataset.open(folder).catalogue
    assert "my-shop" in known.source_ids() and "nir-my-shop" in known.cell_names()
    assert catalogue.current() is before and "my-shop" not in catalogue.source_ids()


def test_a_folder_without_a_ledger_has_the_cells_whose_files_are_there(folder):
    (folder / LEDGER).unlink()
    dataset = Dataset.open(folder)
    assert dataset.names == list(CELLS) and not dataset.cells
    assert (dataset.task_of(NIR), dataset.source_of(NIR)) == ("nir", "movielens32m")
    with pytest.raises(UsageError, match=r"no ledger.json with cells; want a dataset folder"):
        dataset.as_built()


def test_a_ledger_of_before_it_had_digest_task_and_source_is_read(folder):
    document = json.loads((folder / LEDGER).read_text())
    for name in ("format", "digest"):
        del document[name]
    for entry in document["cells"].values():
        for name in ("task", "source", "family", "shape"):
            del entry[name]
    (folder / LEDGER).write_text(json.dumps(document))
    old, new = Dataset.open(folder), Dataset.open(folder).cells[NIR]
    assert (new.task, new.source) == ("nir", "movielens32m") and not old.edited
    with old.locked():
        old.save()
    assert Dataset.open(folder).cells == old.cells and json.loads((folder / LEDGER).read_text())["format"] == 2


def test_a_ledger_of_a_newer_format_asks_for_an_upgrade(folder):
    document = json.loads((folder / LEDGER).read_text())
    (folder / LEDGER).write_text(json.dumps(sealed({**document, "format": 99})))
    with pytest.raises(UsageError, match=r"ledger.json: format 99; want 2 or older; upgrade itdr-hf"):
        Dataset.open(folder)


def test_who_holds_the_lock_sees_what_another_process_has_recorded(folder):
    mine, other = Dataset.open(folder), Dataset.open(folder)
    with other.locked():
        other.remove(TUI)
    assert list(mine.cells) == list(CELLS)
    with mine.locked():
        assert list(mine.cells) == [NIR]


def test_a_folder_has_one_lock_by_whichever_path_it_is_named(folder, monkeypatch):
    link = folder.parent / "link"
    link.symlink_to(folder)
    monkeypatch.chdir(folder)
    for path in (folder, link, Path(), folder / ".." / "itdr"):
        with Dataset.open(path).locked():
            pass
    assert [path.name for path in folder.parent.glob(".*.lock")] == [".itdr.lock"]
    assert not list(folder.glob("*.lock")) and not list(folder.glob(".*.lock"))


COMMANDS = {
    "stats": ["{folder}"],
    "ledger": ["{folder}"],
    "audit": ["{folder}", "--check", "schema"],
    "show": ["{folder}", NIR],
    "report": ["{folder}", "--out", "{home}/report.html", "--examples", "1"],
    "predict": ["{folder}", "--baseline", "random", "--out", "{home}/p.parquet", "--config", NIR],
    "harness": ["{folder}", "--out", "{home}/tasks"],
    "export": ["{folder}", "--format", "jsonl", "--out", "{home}/export"],
    "annotate": ["{folder}", "--endpoint", "http://127.0.0.1:9/v1", "--dry-run", "--store", "{home}/store"],
}


def said(*words: str) -> str:
    """What a command prints, or the error it ends in."""
    result = CliRunner().invoke(app, words)
    ended = result.exception
    return str(ended) if ended and not isinstance(ended, SystemExit) else " ".join(result.output.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reads_the_ledger_once(command, folder, tmp_path, monkeypatch):
    read: list[Path] = []
    parse = module.parse_ledger
    monkeypatch.setattr(module, "parse_ledger", lambda path, *rest: read.append(path) or parse(path, *rest))
    said(command, *(word.format(folder=folder, home=tmp_path) for word in COMMANDS[command]))
    assert read == [folder / LEDGER]


MORE = {
    "build": ["--raw", "{raw}", "--out", "{folder}", "--config", NIR],
    "push": ["{folder}", "--repo-id", "org/itdr", "--dry-run", "--endpoint", "http://127.0.0.1:9"],
    "score": ["{home}/p.parquet", "{folder}"],
    "diff": ["{whole}", "{folder}"],
    "audit": ["{folder}", "--check", "ledger-as-written"],
}


@pytest.mark.parametrize("command", {**COMMANDS, **MORE})
def test_a_command_names_a_ledger_that_was_edited(command, folder, whole, raw, tmp_path):
    document = json.loads((folder / LEDGER).read_text())
    document["cells"][NIR]["recipe"]["seed"] += 1
    (folder / LEDGER).write_text(json.dumps(document))
    places = {"folder": folder, "home": tmp_path, "whole": whole, "raw": raw}
    words = [word.format(**places) for word in {**COMMANDS, **MORE}[command]]
    assert "changed since it was written (digest " in said(command, *words)
