"""A second family goes all the way on the seams of the first: it needs nothing but its own package and one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import datasets
from hubserver import READ
from hubserver.stage import Stage
from hubserver.visitor import run
from toy import TOY

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.train.export import export
from itdr_hf.simulate import simulate

pytest_plugins = ("hubserver.plugin",)

CHAT, PAIR = "chat-movielens32m", "pair-movielens32m"
VISIT = """
import datasets
def load(config):
    return {name: list(part) for name, part in datasets.load_dataset("org/itdr", config, revision="v0.3.0").items()}
print(json.dumps([load(config) for config in ("chat-movielens32m", "pair-movielens32m", "chat")]))
"""


@pytest.fixture(scope="module", autouse=True)
def known():
    catalogue.register_family(TOY)
    yield
    catalogue.unregister_family("toy")


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    """The family's folder, built from a small release."""
    place = tmp_path_factory.mktemp("toy")
    simulate(place / "raw", sources=["movielens32m"], scale=0.05)
    settings = Settings(raw=place / "raw", cache=place / "cache", num_proc=2)
    build_folder(place / "toy", settings, family="toy", changes={"template": "mixed"})
    return place / "toy"


def test_its_cells_are_built_with_their_own_columns_and_in_several_wordings(toy):
    chat, pair = (datasets.load_dataset(str(toy), name) for name in (CHAT, PAIR))
    assert {split: rows.num_rows for split, rows in chat.items()} == {"train": 48, "validation": 6, "test": 6}
    talk, choice = chat["train"][0], pair["train"][0]
    assert [turn["role"] for turn in talk["messages"]] == ["user", "assistant", "user", "assistant"]
    assert talk["loss"] == [False, True, False, True] and talk["messages"][1]["content"] == talk["targets"][0]
    assert choice["chosen"] != choice["rejected"] and choice["rejected_kind"] == "negative"
    assert set(chat["train"]["template"]) == {"default", "brief"}


def test_its_ledger_and_card_are_its_own(toy):
    dataset = Dataset.open(toy)
    assert (dataset.ledger.family, dataset.version, list(dataset.cells)) == ("toy", "0.3.0", [CHAT, PAIR])
    card = (toy / "README.md").read_text()
    assert "# Toy: instructions for recommendation" in card and "ITDR" not in card
    assert "`messages`" in card and "`rejected_kind`" in card and "`input`" not in card
    assert datasets.get_dataset_config_names(str(toy)) == ["chat", "pair", CHAT, PAIR]  # no union of two shapes


def test_its_audit_looks_at_every_row_and_finds_what_is_planted(toy, tmp_path):
    report = audit(toy)
    assert not [finding for finding in report.findings if finding.severity == "breach"]
    rows = datasets.load_dataset(str(toy), CHAT)
    planted = tmp_path / "planted"
    for split in ("train", "test"):
        (planted / CHAT).mkdir(parents=True, exist_ok=True)
        rows["train"].to_parquet(planted / CHAT / f"{split}-00000-of-00001.parquet")
    found = {finding.check for finding in audit(planted).findings if finding.severity == "breach"}
    assert {"unique-ids", "users-in-one-split"} <= found


def test_it_is_pushed_and_plain_datasets_loads_every_config(toy, stage: Stage, tmp_path):
    stage.push(toy)
    loaded = run(VISIT, tmp_path / "home", stage.hub.url, token=READ)
    local = [datasets.load_dataset(str(toy), name) for name in (CHAT, PAIR, CHAT)]
    assert loaded == [{split: list(rows) for split, rows in found.items()} for found in local]


def test_it_is_exported_one_shape_at_a_time(toy, tmp_path):
    export(toy, tmp_path / "chats", "trl", configs=[CHAT])
    export(toy, tmp_path / "pairs", "trl", configs=[PAIR])
    line = json.loads((tmp_path / "chats/data/train.jsonl").read_text().splitlines()[0])
    assert {"messages", "loss"} <= line.keys() and "user" not in line
    pair = json.loads((tmp_path / "pairs/data/test.jsonl").read_text().splitlines()[0])
    assert {"prompt", "chosen", "rejected"} <= pair.keys()
    with pytest.raises(UsageError, match=r"cells of several shapes, chat-movielens32m \(conversation\)"):
        export(toy, tmp_path / "both", "trl")
    with pytest.raises(UsageError, match="takes no rows of shape conversation; want a format that does: trl"):
        export(toy, tmp_path / "axolotl", "axolotl", configs=[CHAT])
