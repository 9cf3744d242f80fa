"""The dataset card: YAML the Hub takes, a page that strangers' texts cannot break, nothing said that is not so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import Finding, Report
from itdr_hf.dataset.card import dataset_card, fenced, note_audit, render_card, write_card
from itdr_hf.records import SPLITS

CELLS = ["tkr-microlens", "cdr-amazon2023", "uap-movielens1m", "tui-mind"]


@pytest.fixture(scope="module")
def folder(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("card") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=CELLS)
    return out


def parts(card: str) -> tuple[dict, str]:
    _, head, body = card.split("---\n", 2)
    return yaml.safe_load(head), body


def tables(body: str) -> list[list[list[str]]]:
    """The cells of every table as a reader of Markdown sees them."""
    found: list[list[list[str]]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        if token.type == "table_open":
            found.append([])
        if token.type == "tr_open":
            found[-1].append([])
        if token.type == "inline" and token.level >= 4 and found:
            found[-1][-1].append(token.content)
    return found


def test_the_head_names_every_cell_and_union_with_their_files_and_sizes(folder):
    dataset = Dataset.open(folder)
    head, _ = parts(dataset_card(dataset, "someone/itdr"))
    names = [config["config_name"] for config in head["configs"]]
    assert names == ["all", "uii", "uiu", "tkr", "cdr", "uap", "tui", *CELLS]
    assert [config["config_name"] for config in head["configs"] if config.get("default")] == ["all"]
    for config, info in zip(head["configs"], head["dataset_info"], strict=True):
        assert info["config_name"] == config["config_name"]
        assert [split["name"] for split in info["splits"]] == [data["split"] for data in config["data_files"]]
        files = {path for data in config["data_files"] for glob in ([data["path"]] if isinstance(data["path"], str) else data["path"])
                 for path in folder.glob(glob)}  # fmt: skip
        assert info["download_size"] == sum(path.stat().st_size for path in files) > 0
    total = sum(cell.examples for cell in dataset.cells.values())
    assert sum(split["num_examples"] for split in head["dataset_info"][0]["splits"]) == total


def test_the_licence_links_to_the_card_on_the_hub_and_nowhere_while_it_lies_on_disk(folder):
    dataset = Dataset.open(folder)
    head, body = parts(dataset_card(dataset, "someone/itdr"))
    assert (head["license"], head["license_name"]) == ("other", "per-source") and "## Licences" in body
    assert head["license_link"] == "https://huggingface.co/datasets/someone/itdr#licences"
    assert "license_link" not in parts(dataset_card(dataset))[0]


def test_the_tables_say_what_the_ledger_says(folder):
    dataset = Dataset.open(folder)
    subtasks, cells, *_ = tables(parts(dataset_card(dataset))[1])
    assert [row[0] for row in subtasks[1:]] == ["`tkr`", "`cdr`", "`uap`", "`tui`"]
    assert subtasks[1][3] == "history 5, positives 5, negatives 5" and subtasks[4][3] == "reviews 3"
    for row, name in zip(cells[1:], CELLS, strict=True):
        assert row[0] == f"`{name}`" and row[1] == catalogue.cell(name).source.title
        assert row[2:] == [f"{dataset.cells[name].counts[split]:,}" for split in SPLITS]


def test_every_raw_file_is_named_with_its_whole_hash(folder):
    dataset = Dataset.open(folder)
    body = parts(dataset_card(dataset, "someone/itdr"))[1]
    for cell in dataset.cells.values():
        assert all(f"| `{file.name}` | {file.size:,} | `{file.sha256}` |" in body for file in cell.raw)
    assert "itdr verify --rebuilt itdr/ --against someone/itdr" in body


def test_the_audit_lists_what_was_found_and_names_what_passed(folder):
    dataset = Dataset.open(folder)
    findings = [
        Finding(check="encoding", severity="breach", where="rp-yelp", message=text) for text in ("a | b", "<other>")
    ]
    report = Report(
        folder="", layout="itdr", cells=CELLS, examples=1, checks=["schema", "encoding"], findings=findings, seconds=0.0
    )
    try:
        note_audit(dataset, report)
        body = (folder / "README.md").read_text()
    finally:
        (folder / ".audit.json").unlink()
        write_card(dataset)
    assert "2 checks by `itdr audit`, 1 passed." in body and "\nPassed: schema.\n" in body
    audit = next(t for t in tables(body.split("---\n", 2)[2]) if t[0][0] == "check")
    assert audit[1:] == [["encoding", "2 breaches", "rp-yelp: a | b<br>rp-yelp: <other>"]]


def test_a_text_with_fences_stays_in_its_block_and_loses_nothing():
    evil = "```\n# Not a heading\n" + "word " * 40 + "\n````\n  indented"
    slots = re.findall(
        r"\{\{ example\.(\w+) \| fenced", (Path(__file__).parents[2] / "cards/dataset.md.j2").read_text()
    )
    assert slots == ["prompt", "output"]
    block = fenced(evil)
    tokens = MarkdownIt("commonmark").parse(block)
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content.split() == evil.split()
    assert max(map(len, block.splitlines())) <= 96


def test_a_slot_that_is_not_filled_is_an_error():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError, match="family"):
        render_card("dataset.md.j2", repo_id="itdr")
